fun main() = println("Kotlin ${KotlinVersion.CURRENT}, Java ${Runtime.version().feature()}")

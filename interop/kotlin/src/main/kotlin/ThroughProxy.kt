import java.net.URI

object ThroughProxy {
    @JvmStatic
    fun main(args: Array<String>) {
        val account = URI("${System.getenv("THINGSPACE_PROXY_URL")}/m2m/v1/accounts/0000123456-00001")
        println(account.toURL().readText())
    }
}

import com.squareup.moshi.adapter
import kotlin.system.exitProcess
import okhttp3.Credentials
import okhttp3.FormBody
import okhttp3.OkHttpClient
import okhttp3.Request
import thingspace.client.apis.SessionManagementApi
import thingspace.client.infrastructure.ApiClient
import thingspace.client.infrastructure.ClientError
import thingspace.client.infrastructure.ClientException
import thingspace.client.infrastructure.Serializer
import thingspace.client.models.ConnectivityManagementResult
import thingspace.client.models.GatewayFault
import thingspace.client.models.LogInRequest
import thingspace.client.models.SessionResetPasswordRequest

// Every step is one line on standard output; the first that goes wrong ends the program with status 1.

fun fail(step: String, reason: String): Nothing {
    System.err.println("wrong: $step: $reason")
    exitProcess(1)
}

fun check(step: String, good: Boolean, reason: String) {
    if (!good) fail(step, reason)
}

fun done(step: String) = println("ok: $step")

/** The body of the answer that refused a call: the generated client leaves it as text. */
fun refused(step: String, status: Int, call: () -> Any): String {
    try {
        call()
    } catch (e: ClientException) {
        check(step, e.statusCode == status, "status ${e.statusCode}")
        return (e.response as ClientError<*>).body as String
    }
    fail(step, "it was accepted")
}

@OptIn(ExperimentalStdlibApi::class)
inline fun <reified T> typed(body: String): T = Serializer.moshi.adapter<T>().fromJson(body)!!

fun main() {
    val baseUrl = System.getenv("THINGSPACE_BASE_URL")
    val oldPassword = System.getenv("THINGSPACE_PASSWORD")
    val login = { password: String -> LogInRequest(System.getenv("THINGSPACE_USERNAME"), password) }

    // OkHttp would send a request again when its connection breaks, and the reset must be sent once.
    val http = OkHttpClient.Builder().retryOnConnectionFailure(false).followRedirects(false).build()
    val api = SessionManagementApi(baseUrl, http)

    val grant = Request.Builder().url("$baseUrl/ts/v1/oauth2/token")
        .header("Authorization", Credentials.basic(System.getenv("THINGSPACE_APP_KEY"), System.getenv("THINGSPACE_APP_SECRET")))
        .post(FormBody.Builder().add("grant_type", "client_credentials").build()).build()
    val bearer = http.newCall(grant).execute().use { granted ->
        check("bearer", granted.code == 200, "status ${granted.code}")
        typed<Map<String, Any>>(granted.body.string())["access_token"] as String
    }
    ApiClient.accessToken = bearer
    done("bearer")

    ApiClient.apiKey["VZ-M2M-Token"] = api.startConnectivityManagementSession(login(oldPassword)).sessionToken
    done("login")

    val resource = Request.Builder().url("$baseUrl/m2m/v1/accounts/0000123456-00001")
        .header("Authorization", "Bearer ${ApiClient.accessToken}")
        .header("VZ-M2M-Token", ApiClient.apiKey.getValue("VZ-M2M-Token")).build()
    val account = http.newCall(resource).execute().use { typed<Map<String, Any>>(it.body.string()) }
    check("resource", account["accountName"] == "0000123456-00001", "another account")
    done("resource")

    val newPassword = api.resetConnectivityManagementPassword(SessionResetPasswordRequest(oldPassword)).newPassword
    check("reset", newPassword != "" && newPassword != oldPassword, "no new password")
    done("reset")

    val sessionToken = api.startConnectivityManagementSession(login(newPassword)).sessionToken
    ApiClient.apiKey["VZ-M2M-Token"] = sessionToken
    done("new-password")

    val refusal = typed<ConnectivityManagementResult>(refused("refused-login", 400) { api.startConnectivityManagementSession(login(oldPassword)) })
    check("refused-login", "Password" in refusal.errorCode!! && refusal.errorMessage != null, "no errorCode and errorMessage")
    done("refused-login")

    ApiClient.accessToken = "made-up"
    val fault = typed<GatewayFault>(refused("refused-bearer", 401) { api.startConnectivityManagementSession(login(newPassword)) }).fault!!
    check("refused-bearer", fault.code.toString() == "900901" && fault.message != null, "no code and message")
    ApiClient.accessToken = bearer
    done("refused-bearer")

    // The gateway may answer in XML, which fits no model: the status has to come through.
    refused("xml-fault", 401) { api.startConnectivityManagementSession(login(newPassword)) }
    done("xml-fault")

    // The platform may add members at any time.
    check("unknown-member", api.startConnectivityManagementSession(login(newPassword)).sessionToken != "", "no token")
    done("unknown-member")

    // The connection breaks after the platform has acted: whoever sends it again has lost the password twice.
    try {
        api.resetConnectivityManagementPassword(SessionResetPasswordRequest(newPassword))
        fail("lost-answer", "an answer that was lost was not an error")
    } catch (_: java.io.IOException) {
        done("lost-answer")
    }

    // A redirect to another host must not be followed: the session token would go there too.
    try {
        api.endConnectivityManagementSession()
        fail("redirect", "it was followed")
    } catch (_: UnsupportedOperationException) {
        done("redirect")
    }

    check("logout", api.endConnectivityManagementSession().sessionToken == sessionToken, "another session")
    done("logout")

    val dead = typed<ConnectivityManagementResult>(refused("ended-session", 400) { api.endConnectivityManagementSession() })
    check("ended-session", "SessionToken" in dead.errorCode!!, "another errorCode")
    done("ended-session")
}

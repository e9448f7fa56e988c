import com.squareup.moshi.adapter
import okhttp3.*
import thingspace.client.apis.SessionManagementApi
import thingspace.client.infrastructure.*
import thingspace.client.models.LogInRequest

object FirstCall {
    @OptIn(ExperimentalStdlibApi::class)
    @JvmStatic
    fun main(args: Array<String>) {
        val env = System.getenv()
        val base = env.getValue("THINGSPACE_BASE_URL")
        val http = OkHttpClient.Builder().retryOnConnectionFailure(false).followRedirects(false).build()
        val grant = Request.Builder().url("$base/ts/v1/oauth2/token")
            .header("Authorization", Credentials.basic(env.getValue("THINGSPACE_APP_KEY"), env.getValue("THINGSPACE_APP_SECRET")))
            .post(FormBody.Builder().add("grant_type", "client_credentials").build()).build()
        val granted = http.newCall(grant).execute().use { Serializer.moshi.adapter<Map<String, Any>>().fromJson(it.body.string()) }
        ApiClient.accessToken = granted?.get("access_token") as String

        val login = LogInRequest(env.getValue("THINGSPACE_USERNAME"), env.getValue("THINGSPACE_PASSWORD"))
        val session = SessionManagementApi(base, http).startConnectivityManagementSession(login)
        val account = Request.Builder().url("$base/m2m/v1/accounts/0000123456-00001")
            .header("Authorization", "Bearer ${ApiClient.accessToken}").header("VZ-M2M-Token", session.sessionToken).build()
        println(http.newCall(account).execute().use { it.body.string() })
    }
}

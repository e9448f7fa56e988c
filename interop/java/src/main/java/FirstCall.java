import java.util.*;
import okhttp3.*;
import thingspace.client.ApiClient;
import thingspace.client.api.SessionManagementApi;
import thingspace.client.model.LogInRequest;

public final class FirstCall {
  public static void main(String[] args) throws Exception {
    Map<String, String> env = System.getenv();
    OkHttpClient http = new OkHttpClient.Builder().retryOnConnectionFailure(false).followRedirects(false).build();
    ApiClient client = new ApiClient(http).setBasePath(env.get("THINGSPACE_BASE_URL"));
    Request grant = new Request.Builder().url(client.getBasePath() + "/ts/v1/oauth2/token")
        .header("Authorization", Credentials.basic(env.get("THINGSPACE_APP_KEY"), env.get("THINGSPACE_APP_SECRET")))
        .post(new FormBody.Builder().add("grant_type", "client_credentials").build()).build();
    String granted = http.newCall(grant).execute().body().string();
    client.setAccessToken(com.google.gson.JsonParser.parseString(granted).getAsJsonObject().get("access_token").getAsString());

    LogInRequest login = new LogInRequest().username(env.get("THINGSPACE_USERNAME")).password(env.get("THINGSPACE_PASSWORD"));
    client.setApiKey(new SessionManagementApi(client).startConnectivityManagementSession(login).getSessionToken());
    Call account = client.buildCall(null, "/m2m/v1/accounts/0000123456-00001", "GET", List.of(), List.of(), null,
        new HashMap<>(), Map.of(), Map.of(), new String[] {"oauth", "session"}, null);
    System.out.println(client.execute(account, Object.class).getData());
  }
}

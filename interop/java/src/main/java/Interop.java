import com.google.gson.JsonParser;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import okhttp3.Credentials;
import okhttp3.FormBody;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import thingspace.client.ApiClient;
import thingspace.client.ApiException;
import thingspace.client.api.SessionManagementApi;
import thingspace.client.model.ConnectivityManagementResult;
import thingspace.client.model.GatewayFault;
import thingspace.client.model.LogInRequest;
import thingspace.client.model.SessionResetPasswordRequest;

/** Every step is one line on standard output; the first that goes wrong ends the program with status 1. */
public final class Interop {
  private interface Call {
    void run() throws ApiException;
  }

  private static void check(String step, boolean good, String reason) {
    if (!good) {
      System.err.println("wrong: " + step + ": " + reason);
      System.exit(1);
    }
  }

  private static void done(String step) {
    System.out.println("ok: " + step);
  }

  private static ApiException refused(String step, int status, Call call) {
    try {
      call.run();
    } catch (ApiException e) {
      check(step, e.getCode() == status, "status " + e.getCode());
      return e;
    }
    check(step, false, "it was accepted");
    throw new AssertionError();
  }

  private static LogInRequest login(String password) {
    return new LogInRequest().username(System.getenv("THINGSPACE_USERNAME")).password(password);
  }

  public static void main(String[] args) throws Exception {
    String baseUrl = System.getenv("THINGSPACE_BASE_URL");
    String oldPassword = System.getenv("THINGSPACE_PASSWORD");

    // OkHttp would send a request again when its connection breaks, and the reset must be sent once.
    OkHttpClient http = new OkHttpClient.Builder().retryOnConnectionFailure(false).followRedirects(false).build();
    ApiClient client = new ApiClient(http).setBasePath(baseUrl);
    SessionManagementApi api = new SessionManagementApi(client);

    Request grant = new Request.Builder().url(baseUrl + "/ts/v1/oauth2/token")
        .header("Authorization", Credentials.basic(System.getenv("THINGSPACE_APP_KEY"), System.getenv("THINGSPACE_APP_SECRET")))
        .post(new FormBody.Builder().add("grant_type", "client_credentials").build()).build();
    String bearer;
    try (okhttp3.Response granted = http.newCall(grant).execute()) {
      check("bearer", granted.code() == 200, "status " + granted.code());
      bearer = JsonParser.parseString(granted.body().string()).getAsJsonObject().get("access_token").getAsString();
    }
    client.setAccessToken(bearer);
    done("bearer");

    client.setApiKey(api.startConnectivityManagementSession(login(oldPassword)).getSessionToken());
    done("login");

    okhttp3.Call call = client.buildCall(null, "/m2m/v1/accounts/0000123456-00001", "GET", List.of(), List.of(), null,
        new HashMap<>(), Map.of(), Map.of(), new String[] {"oauth", "session"}, null);
    Map<?, ?> account = (Map<?, ?>) client.execute(call, Object.class).getData();
    check("resource", "0000123456-00001".equals(account.get("accountName")), "another account");
    done("resource");

    String newPassword = api.resetConnectivityManagementPassword(new SessionResetPasswordRequest().oldPassword(oldPassword)).getNewPassword();
    check("reset", !newPassword.isEmpty() && !newPassword.equals(oldPassword), "no new password");
    done("reset");

    String sessionToken = api.startConnectivityManagementSession(login(newPassword)).getSessionToken();
    client.setApiKey(sessionToken);
    done("new-password");

    ApiException e = refused("refused-login", 400, () -> api.startConnectivityManagementSession(login(oldPassword)));
    ConnectivityManagementResult refusal = ConnectivityManagementResult.fromJson(e.getResponseBody());
    check("refused-login", refusal.getErrorCode().contains("Password") && !refusal.getErrorMessage().isEmpty(), "no errorCode and errorMessage");
    done("refused-login");

    client.setAccessToken("made-up");
    e = refused("refused-bearer", 401, () -> api.startConnectivityManagementSession(login(newPassword)));
    GatewayFault fault = GatewayFault.fromJson(e.getResponseBody());
    check("refused-bearer", "900901".equals(String.valueOf(fault.getFault().getCode())) && !fault.getFault().getMessage().isEmpty(), "no code and message");
    client.setAccessToken(bearer);
    done("refused-bearer");

    // The gateway may answer in XML, which fits no model: the status has to come through.
    refused("xml-fault", 401, () -> api.startConnectivityManagementSession(login(newPassword)));
    done("xml-fault");

    // The platform may add members at any time.
    check("unknown-member", !api.startConnectivityManagementSession(login(newPassword)).getSessionToken().isEmpty(), "no token");
    done("unknown-member");

    // The connection breaks after the platform has acted: whoever sends it again has lost the password twice.
    refused("lost-answer", 0, () -> api.resetConnectivityManagementPassword(new SessionResetPasswordRequest().oldPassword(newPassword)));
    done("lost-answer");

    // A redirect to another host must not be followed: the session token would go there too.
    refused("redirect", 307, api::endConnectivityManagementSession);
    done("redirect");

    check("logout", api.endConnectivityManagementSession().getSessionToken().equals(sessionToken), "another session");
    done("logout");

    e = refused("ended-session", 400, api::endConnectivityManagementSession);
    check("ended-session", ConnectivityManagementResult.fromJson(e.getResponseBody()).getErrorCode().contains("SessionToken"), "another errorCode");
    done("ended-session");
  }
}

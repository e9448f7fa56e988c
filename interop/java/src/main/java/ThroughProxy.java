import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public final class ThroughProxy {
  public static void main(String[] args) throws Exception {
    URI account = URI.create(System.getenv("THINGSPACE_PROXY_URL") + "/m2m/v1/accounts/0000123456-00001");
    System.out.println(HttpClient.newHttpClient().send(HttpRequest.newBuilder(account).build(), BodyHandlers.ofString()).body());
  }
}

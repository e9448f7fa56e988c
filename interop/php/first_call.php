<?php

require __DIR__ . '/autoload.php'; // vendor/autoload.php with Composer

use ThingSpace\Client\{Api\SessionManagementApi, Configuration, Model\LogInRequest};

$http = new GuzzleHttp\Client(['allow_redirects' => false, 'curl' => [CURLOPT_FORBID_REUSE => true]]); // send once
$config = (new Configuration())->setHost($base = getenv('THINGSPACE_BASE_URL'));
$granted = $http->post("$base/ts/v1/oauth2/token", [
    'auth' => [getenv('THINGSPACE_APP_KEY'), getenv('THINGSPACE_APP_SECRET')], 'form_params' => ['grant_type' => 'client_credentials'],
]);
$config->setAccessToken(json_decode((string) $granted->getBody())->access_token);

$login = new LogInRequest(['username' => getenv('THINGSPACE_USERNAME'), 'password' => getenv('THINGSPACE_PASSWORD')]);
$session = (new SessionManagementApi($http, $config))->startConnectivityManagementSession($login)->getSessionToken();
$tokens = ['Authorization' => "Bearer {$config->getAccessToken()}", 'VZ-M2M-Token' => $session];
echo $http->get("$base/m2m/v1/accounts/0000123456-00001", ['headers' => $tokens])->getBody(), "\n";

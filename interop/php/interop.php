<?php

// Every step is one line on standard output; the first that goes wrong ends the program with status 1.

declare(strict_types=1);

use GuzzleHttp\Client;
use ThingSpace\Client\Api\SessionManagementApi;
use ThingSpace\Client\ApiException;
use ThingSpace\Client\Configuration;
use ThingSpace\Client\Model\ConnectivityManagementResult;
use ThingSpace\Client\Model\GatewayFault;
use ThingSpace\Client\Model\LogInRequest;
use ThingSpace\Client\Model\SessionResetPasswordRequest;

require __DIR__ . '/autoload.php';

function check(string $step, bool $good, string $reason): void
{
    if (!$good) {
        fwrite(STDERR, "wrong: $step: $reason\n");
        exit(1);
    }
}

function done(string $step): void
{
    echo "ok: $step\n";
}

$baseUrl = getenv('THINGSPACE_BASE_URL');
$username = getenv('THINGSPACE_USERNAME');
$oldPassword = getenv('THINGSPACE_PASSWORD');

// libcurl sends a request again on a fresh connection when a kept one breaks without an answer.
$http = new Client(['allow_redirects' => false, 'curl' => [CURLOPT_FORBID_REUSE => true]]);
$configuration = (new Configuration())->setHost($baseUrl);
$api = new SessionManagementApi($http, $configuration);

$granted = $http->post("$baseUrl/ts/v1/oauth2/token", [
    'auth' => [getenv('THINGSPACE_APP_KEY'), getenv('THINGSPACE_APP_SECRET')],
    'form_params' => ['grant_type' => 'client_credentials'],
]);
$configuration->setAccessToken(json_decode((string) $granted->getBody())->access_token);
done('bearer');

$login = fn (string $password): LogInRequest => new LogInRequest(['username' => $username, 'password' => $password]);
$sessionToken = $api->startConnectivityManagementSession($login($oldPassword))->getSessionToken();
$configuration->setApiKey('VZ-M2M-Token', $sessionToken);
done('login');

$account = $http->get("$baseUrl/m2m/v1/accounts/0000123456-00001", ['headers' => [
    'Authorization' => 'Bearer ' . $configuration->getAccessToken(),
    'VZ-M2M-Token' => $configuration->getApiKey('VZ-M2M-Token'),
]]);
check('resource', json_decode((string) $account->getBody())->accountName === '0000123456-00001', 'another account');
done('resource');

$reset = $api->resetConnectivityManagementPassword(new SessionResetPasswordRequest(['old_password' => $oldPassword]));
$newPassword = $reset->getNewPassword();
check('reset', $newPassword !== '' && $newPassword !== $oldPassword, 'no new password');
done('reset');

$sessionToken = $api->startConnectivityManagementSession($login($newPassword))->getSessionToken();
$configuration->setApiKey('VZ-M2M-Token', $sessionToken);
done('new-password');

try {
    $api->startConnectivityManagementSession($login($oldPassword));
    check('refused-login', false, 'it was accepted');
} catch (ApiException $refused) {
    $error = $refused->getResponseObject();
    check('refused-login', $refused->getCode() === 400 && $error instanceof ConnectivityManagementResult, 'not typed');
    check('refused-login', str_contains($error->getErrorCode(), 'Password') && $error->getErrorMessage() !== '', 'no errorCode and errorMessage');
}
done('refused-login');

$good = $configuration->getAccessToken();
$configuration->setAccessToken('made-up');
try {
    $api->startConnectivityManagementSession($login($newPassword));
    check('refused-bearer', false, 'it was accepted');
} catch (ApiException $unauthorized) {
    $error = $unauthorized->getResponseObject();
    check('refused-bearer', $unauthorized->getCode() === 401 && $error instanceof GatewayFault, 'not typed');
    check('refused-bearer', (string) $error->getFault()->getCode() === '900901' && $error->getFault()->getMessage() !== '', 'no code and message');
}
$configuration->setAccessToken($good);
done('refused-bearer');

// The gateway may answer in XML, which fits no model: the status has to come through.
try {
    $api->startConnectivityManagementSession($login($newPassword));
    check('xml-fault', false, 'it was accepted');
} catch (ApiException $xml) {
    check('xml-fault', $xml->getCode() === 401, "status {$xml->getCode()}");
}
done('xml-fault');

// The platform may add members at any time.
check('unknown-member', $api->startConnectivityManagementSession($login($newPassword))->getSessionToken() !== '', 'no token');
done('unknown-member');

// The connection breaks after the platform has acted: whoever sends it again has lost the password twice.
try {
    $api->resetConnectivityManagementPassword(new SessionResetPasswordRequest(['old_password' => $newPassword]));
    check('lost-answer', false, 'an answer that was lost was not an error');
} catch (ApiException $lost) {
    check('lost-answer', $lost->getCode() === 0, "status {$lost->getCode()}");
}
done('lost-answer');

// A redirect to another host must not be followed: the session token would go there too.
try {
    $api->endConnectivityManagementSession();
    check('redirect', false, 'it was followed');
} catch (ApiException $redirect) {
    check('redirect', $redirect->getCode() === 307, "status {$redirect->getCode()}");
}
done('redirect');

check('logout', $api->endConnectivityManagementSession()->getSessionToken() === $sessionToken, 'another session');
done('logout');

try {
    $api->endConnectivityManagementSession();
    check('ended-session', false, 'it was accepted');
} catch (ApiException $dead) {
    check('ended-session', str_contains($dead->getResponseObject()->getErrorCode(), 'SessionToken'), 'another errorCode');
}
done('ended-session');

// Every step is one line on standard output; the first that goes wrong ends the program with status 1.
import { client } from './client/client.gen.js';
import {
  endConnectivityManagementSession,
  resetConnectivityManagementPassword,
  startConnectivityManagementSession,
} from './client/sdk.gen.js';
import type { ConnectivityManagementResult, GatewayFault } from './client/types.gen.js';

const environment = (name: string): string => process.env[name] ?? fail('environment', `${name} is not set`);

function fail(step: string, reason: string): never {
  console.error(`wrong: ${step}: ${reason}`);
  process.exit(1);
}

function check(step: string, good: boolean, reason: string): asserts good {
  if (!good) fail(step, reason);
}

const done = (step: string) => console.log(`ok: ${step}`);

const baseUrl = environment('THINGSPACE_BASE_URL');
const username = environment('THINGSPACE_USERNAME');
const oldPassword = environment('THINGSPACE_PASSWORD');
const application = `${environment('THINGSPACE_APP_KEY')}:${environment('THINGSPACE_APP_SECRET')}`;

let bearer = '';
let sessionToken = '';
client.setConfig({ baseUrl, redirect: 'error', auth: (scheme) => (scheme.type === 'apiKey' ? sessionToken : bearer) });

const granted = await fetch(`${baseUrl}/ts/v1/oauth2/token`, {
  method: 'POST',
  headers: { Authorization: `Basic ${Buffer.from(application).toString('base64')}` },
  body: new URLSearchParams({ grant_type: 'client_credentials' }),
});
check('bearer', granted.status === 200, `status ${granted.status}`);
bearer = ((await granted.json()) as { access_token: string }).access_token;
done('bearer');

const login = await startConnectivityManagementSession({ body: { username, password: oldPassword } });
check('login', login.data !== undefined, `status ${login.response?.status}`);
sessionToken = login.data.sessionToken;
done('login');

const account = await client.get<{ 200: { accountName: string } }>({
  url: '/m2m/v1/accounts/0000123456-00001',
  security: [{ scheme: 'bearer', type: 'http' }, { name: 'VZ-M2M-Token', type: 'apiKey' }],
});
check('resource', account.data?.accountName === '0000123456-00001', `status ${account.response?.status}`);
done('resource');

const reset = await resetConnectivityManagementPassword({ body: { oldPassword } });
check('reset', reset.data !== undefined && reset.data.newPassword !== oldPassword, `status ${reset.response?.status}`);
const { newPassword } = reset.data;
done('reset');

const again = await startConnectivityManagementSession({ body: { username, password: newPassword } });
check('new-password', again.data !== undefined, `status ${again.response?.status}`);
sessionToken = again.data.sessionToken;
done('new-password');

const refused = await startConnectivityManagementSession({ body: { username, password: oldPassword } });
check('refused-login', refused.response?.status === 400, `status ${refused.response?.status}`);
const refusal = refused.error as ConnectivityManagementResult;
check('refused-login', !!refusal.errorCode?.includes('Password') && !!refusal.errorMessage, 'no errorCode and errorMessage');
done('refused-login');

const good = bearer;
bearer = 'made-up';
const unauthorized = await startConnectivityManagementSession({ body: { username, password: newPassword } });
check('refused-bearer', unauthorized.response?.status === 401, `status ${unauthorized.response?.status}`);
const fault = (unauthorized.error as GatewayFault).fault;
check('refused-bearer', String(fault?.code) === '900901' && !!fault?.message, 'no code and message');
bearer = good;
done('refused-bearer');

// The gateway may answer in XML, which fits no model: the status has to come through.
const xml = await startConnectivityManagementSession({ body: { username, password: newPassword } });
check('xml-fault', xml.response?.status === 401, `status ${xml.response?.status}`);
done('xml-fault');

// The platform may add members at any time.
const extended = await startConnectivityManagementSession({ body: { username, password: newPassword } });
check('unknown-member', !!extended.data?.sessionToken, `status ${extended.response?.status}`);
done('unknown-member');

// The connection breaks after the platform has acted: whoever sends it again has lost the password twice.
const lost = await resetConnectivityManagementPassword({ body: { oldPassword: newPassword } }).catch((error: unknown) => ({
  data: undefined, error, response: undefined,
}));
check('lost-answer', lost.data === undefined && lost.response === undefined && !!lost.error, 'an answer that was lost was not an error');
done('lost-answer');

// A redirect to another host must not be followed: the session token would go there too.
const redirected = await endConnectivityManagementSession();
check('redirect', redirected.data === undefined && !!redirected.error, 'it was followed');
done('redirect');

const logout = await endConnectivityManagementSession();
check('logout', logout.data?.sessionToken === sessionToken, `status ${logout.response?.status}`);
done('logout');

const dead = await endConnectivityManagementSession();
check('ended-session', dead.response?.status === 400, `status ${dead.response?.status}`);
check('ended-session', !!(dead.error as ConnectivityManagementResult).errorCode?.includes('SessionToken'), 'another errorCode');
done('ended-session');

import { client } from './client/client.gen.js';
import { startConnectivityManagementSession } from './client/sdk.gen.js';

const { THINGSPACE_BASE_URL: baseUrl, THINGSPACE_APP_KEY: key, THINGSPACE_APP_SECRET: secret } = process.env;
const Authorization = `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`;
const form = new URLSearchParams({ grant_type: 'client_credentials' });
const granted = await fetch(`${baseUrl}/ts/v1/oauth2/token`, { method: 'POST', headers: { Authorization }, body: form });
const tokens = { bearer: ((await granted.json()) as { access_token: string }).access_token, session: '' };
const auth = ({ type }: { type: string }) => (type === 'apiKey' ? tokens.session : tokens.bearer);
client.setConfig({ baseUrl, redirect: 'error', auth }); // tokens never follow a redirect

const body = { username: process.env.THINGSPACE_USERNAME!, password: process.env.THINGSPACE_PASSWORD! };
tokens.session = (await startConnectivityManagementSession({ body, throwOnError: true })).data.sessionToken;
const headers = { Authorization: `Bearer ${tokens.bearer}`, 'VZ-M2M-Token': tokens.session };
console.log(await (await fetch(`${baseUrl}/m2m/v1/accounts/0000123456-00001`, { headers, redirect: 'error' })).text());

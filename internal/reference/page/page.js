// Draws the reference below the story, and lets the reader try the calls where the page has a server to try them on.
'use strict';

(function () {
  const settings = JSON.parse(byId('settings').textContent);
  const contract = JSON.parse(byId('contract').textContent);
  const console_ = settings.console; // where calls are tried; missing in the static page
  const LOGIN = 'startConnectivityManagementSession';
  const loginPath = '/m2m/v1/session/login';

  function byId(id) { return document.getElementById(id); }

  // The colours of the system, also when they change while the page is open.
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  dark.addEventListener('change', paint);
  paint();

  for (const e of document.querySelectorAll('[data-when]')) {
    e.hidden = (e.dataset.when === 'console') !== Boolean(console_);
  }

  // here is the contract with the page's own server in place of production, so that no call tried on the page
  // can reach Verizon, and with that server's user in the examples.
  function here(doc) {
    if (!console_ || !doc.paths) return doc;
    const base = location.origin + console_.base;
    const at = structuredClone(doc);
    at.servers = [{ url: base, description: 'This simulator' }];
    at.components.securitySchemes.oauth.flows.clientCredentials.tokenUrl = base + '/ts/v1/oauth2/token';
    const example = (path, method, value) => {
      at.paths[path][method].requestBody.content['application/json'].example = value;
    };
    example(loginPath, 'post', { username: console_.username, password: console_.password });
    example('/m2m/v1/session/password/actions/reset', 'put', { oldPassword: console_.password });
    return at;
  }

  // The layout leaves out what the page says itself: title, servers, the version badge.
  function Reference(system) {
    const h = system.React.createElement;
    return {
      statePlugins: { spec: { wrapActions: { updateJsonSpec: (next) => (doc) => next(here(doc)) } } },
      components: {
        ReferenceLayout: function ReferenceLayout(props) {
          const part = (name, connected) => props.getComponent(name, connected);
          const prose = props.specSelectors.specJson().getIn(['info', 'description'], '');
          return h('div', { className: 'swagger-ui' },
            h(part('SvgAssets')),
            h(part('errors', true)),
            console_ ? h('div', { className: 'authorize' }, h(part('AuthorizeBtnContainer', true))) : null,
            h(part('operations', true)),
            h('section', { id: 'schemas', 'aria-labelledby': 'schemas-h', tabIndex: -1 }, h('h2', { id: 'schemas-h' }, 'Schemas'), h(part('Models', true))),
            h('section', { id: 'contract-text', className: 'prose', 'aria-labelledby': 'contract-h', tabIndex: -1 },
              h('h2', { id: 'contract-h' }, 'The contract in its own words'),
              h(part('Markdown', true), { source: prose.replace(/^## /gm, '### ') })));
        },
      },
    };
  }

  const ui = window.SwaggerUIBundle({
    domNode: byId('reference'),
    layout: 'ReferenceLayout',
    plugins: [Reference],
    deepLinking: false, // it puts a link into each call's button, which no keyboard can tell apart
    displayOperationId: true,
    displayRequestDuration: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 3,
    defaultModelExpandDepth: 3,
    tryItOutEnabled: Boolean(console_),
    supportedSubmitMethods: console_ ? ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] : [],
    validatorUrl: null,
    persistAuthorization: false,
    syntaxHighlight: { activated: false },
    requestInterceptor: (request) => Object.assign(request, { credentials: 'omit' }),
    responseInterceptor: (response) => { observe(response); return response; },
  });
  ui.specActions.updateSpec(contract);
  // The renderer prepares a call when it is unfolded, and cannot send it before: all are prepared now.
  const calls = Object.entries(ui.specSelectors.specJson().get('paths').toJS())
    .flatMap(([path, item]) => Object.keys(item).map((method) => ['paths', path, method]));
  for (const call of calls) ui.specActions.requestResolvedSubtree(call);
  const prepared = async () => {
    while (!calls.every((call) => ui.specSelectors.specResolvedSubtree(call))) await new Promise((done) => { window.setTimeout(done, 20); });
  };

  // What the renderer leaves unnamed, named twice or out of order, for those who listen to the page. It only ever sets
  // attributes, which the observer does not look at.
  new MutationObserver(mend).observe(byId('reference'), { childList: true, subtree: true });
  function mend() {
    const each = (selector, change) => { for (const e of byId('reference').querySelectorAll(selector)) change(e); };
    const call = (e) => e.closest('.opblock')?.querySelector('.opblock-summary-path')?.dataset.path || '';
    const name = (label) => (e) => e.setAttribute('aria-label', label);
    each('textarea.body-param__text:not([aria-label])', (e) => name('Request body of ' + call(e))(e));
    each('select:not([aria-label])', (e) => name(e.closest('.examples-select') ? 'Example' : 'Media type')(e));
    each('.close-modal:not([aria-label])', name('Close'));
    each('table[role=region]:not([aria-label])', (e) => name((e.classList.contains('live-responses-table') ? 'Answer of ' : 'Responses of ') + call(e))(e));
    each('.model-box-control:not([aria-label])', (e) => { if (!e.textContent.trim()) name('Details of ' + (e.closest('tr')?.cells[0]?.textContent.replace('*', '') || 'the schema'))(e); });
    each('.prose th:empty:not([role])', (e) => e.setAttribute('role', 'presentation'));
    each('.dialog-ux h6:not([role])', (e) => e.setAttribute('role', 'presentation'));
    each('.modal-btn[aria-label]', (e) => e.removeAttribute('aria-label'));
    each('pre:not([tabindex]), .prose table:not([tabindex])', (e) => { e.tabIndex = 0; });
  }
  mend();

  if (!console_) return;

  ui.initOAuth({ clientId: console_.key, clientSecret: console_.secret });
  const api = location.origin + console_.base;
  const tokens = { bearer: '', session: '' };
  byId('origin').textContent = api;

  function say(text) { byId('said').textContent = text; }
  function show(step, text, state) {
    byId('step-' + step).dataset.state = state;
    byId({ bearer: 'bearer', session: 'session', use: 'used' }[step]).textContent = text;
  }

  // The renderer holds the credentials, which its own dialogue changes too; the panel shows what it holds.
  function sync() {
    const held = ui.authSelectors.authorized();
    const bearer = held?.getIn(['oauth', 'token', 'access_token']) || '';
    const session = held?.getIn(['session', 'value']) || '';
    if (bearer !== tokens.bearer) show('bearer', bearer || 'none yet', bearer ? 'held' : '');
    if (session !== tokens.session) show('session', session || 'none yet: send the login below', session ? 'held' : '');
    Object.assign(tokens, { bearer, session });
  }
  ui.getStore().subscribe(sync);

  // send answers {ok, status, body}; a network error is told, not thrown.
  async function send(method, url, headers, body) {
    try {
      const response = await fetch(url, { method, headers, body, credentials: 'omit', cache: 'no-store' });
      const text = await response.text();
      let parsed = null;
      try { parsed = JSON.parse(text); } catch { /* not every answer is JSON */ }
      return { ok: response.ok, status: response.status, body: parsed || {} };
    } catch {
      return { ok: false, status: 0, body: {} };
    }
  }

  function code(answer) {
    if (answer.status === 0) return 'no answer: does the simulator still run?';
    const fault = answer.body.fault || answer.body;
    const known = answer.body.errorCode || fault.code;
    return known ? answer.status + ' ' + known : String(answer.status);
  }

  async function getBearer() {
    const answer = await send('POST', api + '/ts/v1/oauth2/token', {
      'Authorization': 'Basic ' + btoa(console_.key + ':' + console_.secret),
      'Content-Type': 'application/x-www-form-urlencoded',
    }, 'grant_type=client_credentials');
    if (answer.ok && answer.body.access_token) {
      takeBearer(answer.body);
      say('Bearer token received; ' + answer.body.expires_in + ' seconds of its hour remain. It goes along with every call below.');
    } else {
      say('No bearer token: ' + code(answer));
    }
    look();
  }

  function takeBearer(token) {
    ui.authActions.authorizeOauth2({
      auth: { name: 'oauth', clientId: console_.key, clientSecret: console_.secret, schema: ui.specSelectors.specJson().getIn(['components', 'securitySchemes', 'oauth']).set('flow', 'application').set('tokenUrl', api + '/ts/v1/oauth2/token') },
      token,
    });
  }

  // observe keeps the page's own panel in step with calls that were sent from the reference.
  function observe(response) {
    if (!console_ || !response.url || !response.url.startsWith(api)) return;
    const path = response.url.slice(api.length);
    const body = response.obj || response.body || {};
    if (path === loginPath && response.ok && body.sessionToken) {
      ui.preauthorizeApiKey('session', body.sessionToken);
      say('Session started. Its token is filled in below as VZ-M2M-Token.');
    } else if (path === '/m2m/v1/session/logout' && response.ok) {
      ui.authActions.logout(['session']);
      say('Session ended.');
    } else if (path.startsWith('/m2m/v1/session/password') && response.ok && body.newPassword) {
      say('The password of ' + console_.username + ' is ' + body.newPassword + ' from now on: the next login needs it.');
    }
    window.setTimeout(look, 0);
  }

  async function openLogin() {
    await prepared();
    const tag = 'Session Management';
    ui.layoutActions.show(['operations-tag', tag], true);
    ui.layoutActions.show(['operations', tag, LOGIN], true);
    window.requestAnimationFrame(() => window.requestAnimationFrame(() => {
      const block = byId('operations-Session_Management-' + LOGIN);
      if (!block) return;
      block.scrollIntoView({ block: 'start', behavior: window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
      const execute = block.querySelector('button.execute');
      if (execute) execute.focus({ preventScroll: true });
    }));
  }

  async function useSession() {
    const answer = await send('GET', api + '/m2m/v1/accounts/' + encodeURIComponent(console_.account), {
      'Authorization': 'Bearer ' + tokens.bearer, 'VZ-M2M-Token': tokens.session,
    });
    show('use', 'GET /m2m/v1/accounts/' + console_.account + ': ' + code(answer), answer.ok ? 'held' : 'refused');
    say(answer.ok ? 'Answered: the 20 minutes start anew.' : advice(answer));
    look();
  }

  function advice(answer) {
    if (answer.status === 401) return 'The bearer was refused: get another one, and keep the session.';
    if (String(answer.body.errorCode || '').includes('SessionToken')) return 'The session was refused: log in again, and keep the bearer.';
    return 'Refused.';
  }

  // look shows the state of the simulated platform; without its control path there is nothing to show.
  async function look() {
    if (!console_.control) return;
    const answer = await send('GET', location.origin + console_.control + '/state');
    const user = answer.ok && (answer.body.users || []).find((u) => u.username === console_.username);
    byId('world').hidden = !user;
    if (!user) return;
    const limit = answer.body.switches.strikeLimit;
    byId('who').textContent = console_.username;
    byId('strikes').replaceChildren(...Array.from({ length: limit }, (_, i) => {
      const pip = document.createElement('i');
      pip.className = i < user.strikes ? 'spent' : '';
      return pip;
    }));
    byId('strikes').setAttribute('aria-label', user.strikes + ' of ' + limit + ' strikes');
    byId('sessions').textContent = user.locked ? 'locked' : user.sessions + (user.sessions === 1 ? ' session alive' : ' sessions alive');
    byId('world').dataset.state = user.locked ? 'locked' : '';
    byId('clock').textContent = 'its clock: ' + new Date(answer.body.now).toISOString().slice(11, 16) + ' UTC';
  }

  async function control(path, body, told) {
    const answer = await send('POST', location.origin + console_.control + path, { 'Content-Type': 'application/json' }, JSON.stringify(body));
    say(answer.ok ? told : 'The simulator refused: ' + code(answer));
    await look();
    return answer.ok;
  }

  byId('get-bearer').addEventListener('click', getBearer);
  byId('open-login').addEventListener('click', openLogin);
  byId('use').addEventListener('click', useSession);
  byId('idle').addEventListener('click', () => control('/clock/advance', { by: '20m' }, '20 minutes have passed in the simulator, and nobody used a session.'));
  byId('afresh').addEventListener('click', async () => {
    if (!await control('/reset', {}, 'The simulator is as it was at its start.')) return;
    ui.authActions.logout(['session', 'oauth']);
    show('use', 'wants both tokens', '');
  });
  look();
}());

// SPDX-License-Identifier: ISC
// Stripe's own SDK against tests/stripe-sim: what the SDK sends, reads, retries and verifies works
// there as it does with Stripe, so the stand-in is not checked against our reading alone.
// TAP on stdout.  Run: npm install --no-package-lock in this directory once, then
// node tests/sim/test_sim.mjs

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const { default: Stripe } = await import('stripe').catch(() => {
  console.log('1..0 # SKIP the stripe SDK is not installed: npm install in tests/sim');
  process.exit(0);
});

const SIM = fileURLToPath(new URL('../stripe-sim', import.meta.url));
const SECRET = 'sk_test_sim';
const WHSEC = 'whsec_for_the_sdk';
const SEED = [
  { lookup_key: 'mug', id: 'price_mug', name: 'Mug', unit_amount: 1250, currency: 'usd' },
  { lookup_key: 'tee', id: 'price_tee', name: 'Tee', unit_amount: 2500, currency: 'usd' },
];
const SUCCESS = 'https://shop.example/ok?s={CHECKOUT_SESSION_ID}';
const LINES = [{ price: 'price_mug', quantity: 2, metadata: { sku: 'mug' } }];
const tests = [];
const test = (sentence, body) => tests.push({ sentence, body });

// ---- the fixtures: the sim, and the endpoint that its events go to

async function startSim(directory, webhookUrl) {
  const portFile = join(directory, 'port');
  const seed = join(directory, 'seed.json');
  await writeFile(seed, JSON.stringify(SEED));
  const sim = spawn(
    'python3',
    [
      SIM,
      '--port',
      '0',
      '--port-file',
      portFile,
      '--seed',
      seed,
      '--webhook-url',
      webhookUrl,
      '--webhook-secret',
      WHSEC,
      '--retry-ms',
      '50,50',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  for (;;) {
    if (sim.exitCode !== null) throw new Error('the sim did not start');
    const port = await readFile(portFile, 'ascii').catch(() => '');
    if (port) return { sim, port: Number(port) };
    await sleep(20);
  }
}

function startEndpoint() {
  const endpoint = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    endpoint.got.push({ headers: request.headers, body: Buffer.concat(parts) });
    response.writeHead(endpoint.statuses.shift() ?? 200).end('ok');
  });
  Object.assign(endpoint, { got: [], statuses: [] });
  endpoint.listen(0, '127.0.0.1');
  return once(endpoint, 'listening').then(() => endpoint);
}

function client(port, options = {}) {
  return new Stripe(SECRET, {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    ...options,
  });
}

function controls(port) {
  return async (path, body, method = body ? 'POST' : 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}/_sim/${path}`, {
      method,
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    assert.ok(response.ok, `${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
}

const fails = async (promise, wanted) => {
  const error = await promise.then(
    () => assert.fail('it succeeded'),
    refusal => refusal,
  );
  for (const [name, value] of Object.entries(wanted)) assert.equal(error[name], value, `${name}: ${error}`);
  return error;
};

const create = (stripe, more = {}, options = {}) =>
  stripe.checkout.sessions.create({ mode: 'payment', success_url: SUCCESS, line_items: LINES, ...more }, options);

// ---- objects

test('prices are listed by lookup key with their product', async ({ stripe }) => {
  const found = await stripe.prices.list({ lookup_keys: ['mug', 'none'], active: true, expand: ['data.product'] });
  assert.deepEqual(
    found.data.map(price => [price.id, price.product.name]),
    [['price_mug', 'Mug']],
  );
});

test('a product and its price are made, read and changed', async ({ stripe }) => {
  const product = await stripe.products.create({ name: 'Poster', metadata: { collectionId: 'walls' } });
  const price = await stripe.prices.create({
    product: product.id,
    currency: 'eur',
    unit_amount: 1900,
    lookup_key: 'poster',
  });
  await stripe.prices.update(price.id, { active: false, metadata: { sku: 'p1' } });
  await stripe.products.update(product.id, { name: 'Big poster', metadata: { collectionId: '' } });
  const read = await stripe.prices.retrieve(price.id, { expand: ['product'] });
  assert.deepEqual(
    [read.active, read.metadata, read.product.name, read.product.metadata],
    [false, { sku: 'p1' }, 'Big poster', {}],
  );
});

test('a session with everything a shop asks for comes back as it was asked', async ({ stripe }) => {
  const session = await create(stripe, {
    cancel_url: 'https://shop.example/cart',
    client_reference_id: 'user_1',
    customer_email: 'a@example.com',
    allow_promotion_codes: true,
    automatic_tax: { enabled: true },
    metadata: { userId: 'user_1' },
    payment_intent_data: { metadata: { userId: 'user_1' } },
    phone_number_collection: { enabled: true },
    shipping_address_collection: { allowed_countries: ['US', 'DE'] },
    expires_at: Math.floor(Date.now() / 1000) + 3600,
  });
  assert.equal(session.object, 'checkout.session');
  assert.match(session.lastResponse.requestId, /^req_/);
  assert.deepEqual([session.status, session.payment_status, session.payment_intent], ['open', 'unpaid', null]);
  assert.deepEqual(session.shipping_address_collection.allowed_countries, ['US', 'DE']);
  assert.deepEqual(await stripe.checkout.sessions.retrieve(session.id), session);
});

test('auto-paging reads all hundred line items in order', async ({ stripe }) => {
  const session = await create(stripe, {
    line_items: Array.from({ length: 100 }, (_, n) => ({ price: 'price_mug', quantity: n + 1 })),
  });
  const seen = [];
  for await (const line of stripe.checkout.sessions.listLineItems(session.id, { limit: 30 })) seen.push(line.quantity);
  assert.deepEqual(
    seen,
    Array.from({ length: 100 }, (_, n) => n + 1),
  );
});

test('auto-paging reads every session once, in both directions', async ({ stripe }) => {
  const ids = [];
  for (let n = 0; n < 7; n += 1) ids.push((await create(stripe)).id);
  const forward = await stripe.checkout.sessions.list({ limit: 2 }).autoPagingToArray({ limit: 100 });
  assert.deepEqual(
    forward.map(session => session.id),
    [...ids].reverse(),
  );
  const backward = await stripe.checkout.sessions
    .list({ limit: 2, ending_before: ids[0] })
    .autoPagingToArray({ limit: 100 });
  assert.deepEqual(
    backward.map(session => session.id),
    ids.slice(1),
  );
});

test('a paid session expands to its charge, and a refund shows on it', async ({ stripe, control }) => {
  const { id } = await create(stripe);
  await control('pay', { session: id });
  const session = await stripe.checkout.sessions.retrieve(id, {
    expand: ['payment_intent.latest_charge', 'line_items'],
  });
  const charge = session.payment_intent.latest_charge;
  assert.deepEqual(
    [session.payment_status, charge.amount, session.line_items.data[0].metadata],
    ['paid', 2500, { sku: 'mug' }],
  );
  const refund = await stripe.refunds.create({ charge: charge.id, amount: 500, reason: 'requested_by_customer' });
  assert.deepEqual([refund.status, refund.payment_intent], ['succeeded', session.payment_intent.id]);
  assert.equal((await stripe.charges.retrieve(charge.id)).amount_refunded, 500);
  const [found] = (await stripe.checkout.sessions.list({ payment_intent: session.payment_intent.id })).data;
  assert.equal(found.id, id);
});

test('events are listed by types, and the webhook endpoint tells its own', async ({ stripe, control, endpoint }) => {
  await control('pay', { session: (await create(stripe)).id });
  const events = await stripe.events.list({ types: ['checkout.session.completed', 'charge.refunded'] });
  assert.deepEqual(
    events.data.map(event => event.type),
    ['checkout.session.completed'],
  );
  const [own] = (await stripe.webhookEndpoints.list()).data;
  assert.equal(own.url, `http://127.0.0.1:${endpoint.address().port}/webhook`);
  assert.ok(own.enabled_events.includes('checkout.session.completed'));
});

// ---- errors

test('each refusal is the error class that Stripe gives', async ({ stripe, port }) => {
  await fails(
    new Stripe('sk_test_wrong', { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0 }).prices.list(),
    { type: 'StripeAuthenticationError', statusCode: 401 },
  );
  await fails(stripe.prices.retrieve('price_none'), {
    type: 'StripeInvalidRequestError',
    statusCode: 404,
    code: 'resource_missing',
    param: 'price',
  });
  await fails(create(stripe, { colour: 'red' }), {
    type: 'StripeInvalidRequestError',
    statusCode: 400,
    code: 'parameter_unknown',
    param: 'colour',
  });
  await fails(create(stripe, { line_items: [{ price: 'price_mug', quantity: 1, sku: 'x' }] }), {
    code: 'parameter_unknown',
    param: 'line_items[0][sku]',
  });
  await fails(stripe.checkout.sessions.retrieve((await create(stripe)).id, { expand: ['customer_details'] }), {
    statusCode: 400,
    message: 'This property cannot be expanded (customer_details).',
  });
});

test("a version of endive refuses payment_method_types, the SDK's own takes it", async ({ port, stripe }) => {
  await create(stripe, { payment_method_types: ['card'] });
  await fails(create(client(port, { apiVersion: '2026-10-28.endive' }), { payment_method_types: ['card'] }), {
    code: 'parameter_unknown',
    param: 'payment_method_types',
  });
});

test('the same idempotency key gives the same session, with other parameters an error', async ({ stripe }) => {
  const first = await create(stripe, {}, { idempotencyKey: 'double-click' });
  const second = await create(stripe, {}, { idempotencyKey: 'double-click' });
  assert.equal(second.id, first.id);
  assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true');
  await fails(create(stripe, { client_reference_id: 'x' }, { idempotencyKey: 'double-click' }), {
    type: 'StripeIdempotencyError',
    statusCode: 400,
  });
});

// ---- faults, as the SDK's own retries meet them

test('the SDK retries a dropped connection and does not pay twice for it', async ({ port, control }) => {
  await control('fault', { match: 'POST /v1/checkout/sessions$', kind: 'disconnect_after' });
  const stripe = client(port, { maxNetworkRetries: 2 });
  const session = await create(stripe);
  const listed = await stripe.checkout.sessions.list();
  assert.deepEqual(
    listed.data.map(each => each.id),
    [session.id],
  );
});

test('the SDK obeys Stripe-Should-Retry', async ({ port, control }) => {
  const stripe = client(port, { maxNetworkRetries: 1 });
  await control('fault', { match: 'GET /v1/prices', kind: 'status', status: 429, should_retry: true });
  await stripe.prices.list();
  await control('fault', { match: 'GET /v1/prices', kind: 'status', status: 503, should_retry: false });
  await fails(stripe.prices.list(), { type: 'StripeAPIError', statusCode: 503 });
  const { calls } = await control('stats');
  assert.equal(calls['GET /v1/prices'], 3);
});

test('a 429 is a rate limit error and an answer that is no JSON an API error', async ({ stripe, control }) => {
  await control('fault', { match: '/v1/prices', kind: 'status', status: 429 });
  await fails(stripe.prices.list(), { type: 'StripeRateLimitError' });
  await control('fault', { match: '/v1/prices', kind: 'garbage' });
  await fails(stripe.prices.list(), { type: 'StripeAPIError' });
});

test('the SDK knows a limited rate and a missing permission', async ({ stripe, control }) => {
  await control('rate_limit', { per_second: 1 });
  await stripe.accounts.retrieve();
  await fails(stripe.accounts.retrieve(), { type: 'StripeRateLimitError', code: 'rate_limit' });
  await control('rate_limit', { per_second: null });
  await control('permissions', { deny: ['GET /v1/account'] });
  await fails(stripe.accounts.retrieve(), { type: 'StripePermissionError', statusCode: 403 });
  await control('permissions', { deny: [] });
});

test('the SDK walks through all sessions with their charges, and through the events', async ({ stripe, control }) => {
  await control('sessions', { count: 230, emit: true });
  const charges = new Set();
  const expand = ['data.payment_intent.latest_charge'];
  for await (const session of stripe.checkout.sessions.list({ limit: 100, status: 'complete', expand })) {
    charges.add(session.payment_intent.latest_charge.id);
  }
  assert.equal(charges.size, 230);
  let events = 0;
  const types = ['checkout.session.completed', 'charge.succeeded'];
  for await (const event of stripe.events.list({ limit: 100, types })) {
    events += types.includes(event.type) ? 1 : 0;
  }
  assert.equal(events, 460);
});

test('the SDK keeps its connection, and the sim counts one', async ({ port, control }) => {
  const stripe = client(port);
  await control('stats/reset', undefined, 'POST');
  for (let n = 0; n < 5; n += 1) await stripe.prices.retrieve('price_mug');
  const { calls, total, connections } = await control('stats');
  assert.deepEqual({ calls, total, connections }, { calls: { 'GET /v1/prices/{id}': 5 }, total: 5, connections: 1 });
});

// ---- webhooks

test('the SDK verifies what is delivered, and no change to it', async ({ stripe, control, endpoint }) => {
  const { id } = await create(stripe);
  const paid = await control('pay', { session: id });
  assert.equal(paid.delivery, 200);
  const [{ headers, body }] = endpoint.got;
  const event = stripe.webhooks.constructEvent(body, headers['stripe-signature'], WHSEC);
  assert.deepEqual([event.id, event.type, event.data.object.id], [paid.event, 'checkout.session.completed', id]);
  const changed = Buffer.from(body.toString().replace('"paid"', '"unpaid"'));
  assert.throws(() => stripe.webhooks.constructEvent(changed, headers['stripe-signature'], WHSEC), /signature/i);
  assert.throws(() => stripe.webhooks.constructEvent(body, headers['stripe-signature'], 'whsec_other'), /signature/i);
});

test('the SDK refuses an old timestamp that the sim signed', async ({ stripe, control }) => {
  const payload = '{"id": "evt_1", "object": "event"}';
  const { header } = await control('sign', { payload, timestamp: Math.floor(Date.now() / 1000) - 301 });
  assert.throws(() => stripe.webhooks.constructEvent(payload, header, WHSEC), /tolerance/);
  const fresh = await control('sign', { payload });
  assert.equal(stripe.webhooks.constructEvent(payload, fresh.header, WHSEC).id, 'evt_1');
});

test('sim and SDK make the same signature', async ({ stripe, control }) => {
  const sign = { payload: 'käse\n', timestamp: 1700000000, secret: 'whsec_both' };
  const { header } = await control('sign', sign);
  const theirs = stripe.webhooks.generateTestHeaderString(sign);
  assert.equal(header.split(',').slice(0, 2).join(','), theirs);
});

test('a redelivery after a 500 is the same event with a signature of its own', async ({
  stripe,
  control,
  endpoint,
}) => {
  endpoint.statuses = [500];
  await control('pay', { session: (await create(stripe)).id });
  while (endpoint.got.length < 2) await sleep(10);
  const ids = endpoint.got.map(
    ({ headers, body }) => stripe.webhooks.constructEvent(body, headers['stripe-signature'], WHSEC).id,
  );
  assert.equal(ids[0], ids[1]);
});

// ---- the runner

async function run() {
  const directory = await mkdtemp(join(tmpdir(), 'stripe-sim-'));
  const endpoint = await startEndpoint();
  const { sim, port } = await startSim(directory, `http://127.0.0.1:${endpoint.address().port}/webhook`);
  const stripe = client(port);
  const control = controls(port);
  console.log(`1..${tests.length}`);
  try {
    for (const [index, { sentence, body }] of tests.entries()) {
      await control('reset', undefined, 'POST');
      Object.assign(endpoint, { got: [], statuses: [] });
      try {
        await body({ stripe, control, endpoint, port });
        console.log(`ok ${index + 1} - ${sentence}`);
      } catch (error) {
        process.exitCode = 1;
        console.log(`not ok ${index + 1} - ${sentence}`);
        console.log(String(error.stack ?? error).replace(/^/gm, '# '));
      }
    }
  } finally {
    sim.kill('SIGTERM');
    await once(sim, 'exit');
    endpoint.close();
    await rm(directory, { recursive: true });
  }
}

await run();
process.exit(); // the SDK's idle connections would hold the process

// SPDX-License-Identifier: ISC
//
// The Node peer: what a competent team writes.  fastify, the official stripe
// package, Amazon's SDK with kept connections; for each new event one GetItem,
// one call to Stripe for the session with its lines and charge, one
// TransactWriteItems of three items.
import { DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import fastify from 'fastify';
import http from 'node:http';
import https from 'node:https';
import Stripe from 'stripe';

const env = process.env;
const api = new URL(env.STRIPE_API_BASE);
const kept = { keepAlive: true, maxSockets: 256 };
const agent = api.protocol === 'https:' ? new https.Agent(kept) : new http.Agent(kept);
const stripe = new Stripe(env.STRIPE_SECRET, {
  host: api.hostname,
  port: api.port,
  protocol: api.protocol.slice(0, -1),
  httpAgent: agent,
  timeout: 6000,
  telemetry: false,
});
const db = new DynamoDBClient({
  region: 'eu-central-1',
  endpoint: env.AWS_ENDPOINT_URL_DYNAMODB,
  credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret-of-the-tests' },
  requestHandler: new NodeHttpHandler({ httpAgent: new http.Agent(kept), httpsAgent: new https.Agent(kept) }),
});
const TableName = env.COMMERCE_TABLE;
const iso = seconds => new Date(seconds * 1000).toISOString().replace('.000', '');

function orderOf(event, s) {
  const details = s.customer_details ?? {};
  const user = s.metadata.userId ?? details.email.toLowerCase();
  const lines = s.line_items.data;
  const to = s.collected_information?.shipping_details;
  return {
    PK: `USER#${user}`,
    SK: `ORDER#${s.created}#${s.id}`,
    orderId: s.id,
    orderNumber: 'BC-' + s.id.split('_').pop().slice(-8).toUpperCase(),
    userId: user,
    status: 'completed',
    amount: s.amount_total,
    amountSubtotal: s.amount_subtotal,
    amountDiscount: s.total_details.amount_discount,
    amountShipping: s.total_details.amount_shipping,
    amountTax: s.total_details.amount_tax,
    currency: s.currency,
    items: lines.map(l => ({
      name: l.description,
      quantity: l.quantity,
      unitPrice: l.price.unit_amount,
      amountTotal: l.amount_total,
      amountSubtotal: l.amount_subtotal,
      currency: l.currency,
      sku: l.price.product.metadata.sku,
      stripePriceId: l.price.id,
      stripeProductId: l.price.product.id,
    })),
    itemCount: lines.reduce((n, l) => n + l.quantity, 0),
    createdAt: iso(s.created),
    completedAt: iso(event.created),
    stripeSessionId: s.id,
    stripePaymentIntentId: s.payment_intent?.id,
    customerEmail: details.email ?? undefined,
    customerName: details.name ?? undefined,
    customerPhone: details.phone ?? undefined,
    shippingAddress: to && {
      name: to.name,
      ...Object.fromEntries(Object.entries(to.address).filter(([, v]) => v !== null)),
    },
    metadata: s.metadata,
    livemode: s.livemode,
  };
}

async function process_(event) {
  const marker = { PK: `EVENT#${event.id}`, SK: 'METADATA' };
  const got = await db.send(new GetItemCommand({ TableName, Key: marshall(marker), ConsistentRead: true }));
  if (got.Item) return 'duplicate';
  const s = await stripe.checkout.sessions.retrieve(event.data.object.id, {
    expand: ['line_items.data.price.product', 'payment_intent.latest_charge'],
  });
  const order = orderOf(event, s);
  const put = item => ({
    Put: {
      TableName,
      Item: marshall(item, { removeUndefinedValues: true }),
      ConditionExpression: 'attribute_not_exists(PK)',
    },
  });
  await db.send(
    new TransactWriteItemsCommand({
      TransactItems: [
        put({
          ...marker,
          type: event.type,
          orderId: order.orderId,
          expiresAt: Math.floor(Date.now() / 1000) + 30 * 86400,
        }),
        put({
          PK: `SESSION#${s.id}`,
          SK: 'METADATA',
          orderPK: order.PK,
          orderSK: order.SK,
          createdAt: order.createdAt,
        }),
        put(order),
      ],
    }),
  );
  return 'processed';
}

const app = fastify({ logger: false, bodyLimit: 1 << 20, keepAliveTimeout: 600000, requestTimeout: 10000 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
app.post('/stripe/webhook', async (request, reply) => {
  let event;
  try {
    event = stripe.webhooks.constructEvent(
      request.body,
      request.headers['stripe-signature'],
      env.STRIPE_WEBHOOK_SECRET,
    );
  } catch {
    return reply.code(400).send({ error: 'the signature does not match' });
  }
  if (event.type !== 'checkout.session.completed' || event.data.object.mode !== 'payment') return { status: 'ignored' };
  try {
    const status = await process_(event);
    process.stderr.write(`${status} ${event.id} ${event.data.object.id}\n`);
    return { status, eventId: event.id };
  } catch (error) {
    process.stderr.write(`failed ${event.id}: ${error.message}\n`);
    return reply.code(503).send({ error: 'try again' });
  }
});
await app.listen({ host: '127.0.0.1', port: Number(env.PORT) });

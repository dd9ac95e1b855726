// SPDX-License-Identifier: ISC
// The demo shop and the elements, by clicks and keys; test_shop.py starts the shop.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { accessible, equal, eventually, expect, fits, main, ok, site, test } from './kit.mjs';

const shopUrl = `${site.url}/demo/`;
const EVIL = '<img src=x onerror=alert(1)>';
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };
const WIDTHS = [360, 768, 1280];

const add = (page, name) => page.getByRole('button', { name: `Add ${name} to the cart` });
const inCart = (page, text) => page.locator('#cart').getByText(text, { exact: true }).first().waitFor();
const pay = page => page.getByRole('button', { name: 'Check out' });
const status = (page, element) => page.locator(`${element} [role=status]`).textContent();

// Where the elements stand, read at one moment: the next may have others.
const boxes = where => where.evaluateAll(elements => elements.map(e => e.getBoundingClientRect().toJSON()));

async function openShop(context) {
  const page = await context.newPage();
  await page.goto(shopUrl);
  return page;
}

async function fillCart(page) {
  await add(page, 'Red Necklace').click();
  await add(page, 'Red Necklace').click();
  await add(page, 'Silver Ring').click();
  await inCart(page, '$85.00');
}

async function goToStripe(page) {
  await pay(page).click();
  await page.locator('#pay').waitFor();
}

async function payAtStripe(
  page,
  { method = 'card', email = 'jane@shop.example', postage = 'Standard post', note = '' } = {},
) {
  for (const [id, value] of Object.entries({
    email,
    shipping_name: 'Jane Doe',
    line1: '5 Shore Road',
    postal_code: 'B3H 1A1',
    city: 'Halifax',
    card: '4242424242424242',
    custom_gift: note,
  })) {
    const field = page.locator(`#${id}`);
    if ((await field.count()) && (await field.isVisible()) && (await field.isEditable())) await field.fill(value);
  }
  await page.getByLabel(postage).check();
  if (method === 'later') await page.locator('#method-later').check();
  await page.locator('#pay').click();
  await page.waitForURL(/thanks\.html/);
}

async function logIn(page, name, email = `${name}@shop.example`) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel(/^E-mail, as if/).fill(email);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText(`Logged in as ${name}`).waitFor();
}

async function openOrders(context, name = 'ann') {
  const page = await context.newPage();
  await page.goto(`${shopUrl}orders.html`);
  await logIn(page, name);
  return page;
}

const orderTitles = page => page.locator('ordersnap-orders [part=order-title]').allTextContents();

// What the shop's programs are asked and answered, as Playwright's route() wants it.
const answer =
  (value, more = {}) =>
  route =>
    route.fulfill({ contentType: 'application/json', body: JSON.stringify(value), ...more });

async function call(path, body) {
  const response = await fetch(site.sim + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });
  return response.json();
}

// --- a sale -------------------------------------------------------------------------------------

test('a whole sale by clicks: cart, payment, thanks, an empty cart, and the order under My orders', async context => {
  const page = await openShop(context);
  await page.goto(`${shopUrl}orders.html`);
  await logIn(page, 'buyer');
  await page.getByText('You have not ordered anything yet.').first().waitFor();
  await page.getByRole('link', { name: 'Tidewrack' }).click();
  await fillCart(page);
  await goToStripe(page);
  await page.getByText('$90.00').first().waitFor(); // with the first rate's postage
  await page.getByLabel('Express').check();
  equal(await page.locator('#pay').textContent(), 'Pay $104.00');
  await payAtStripe(page, { postage: 'Express', note: 'For Ann, with love' });
  const thanks = page.locator('ordersnap-thanks');
  await thanks.getByText('Your payment went through.', { exact: true }).waitFor();
  await thanks.getByText('Red Necklace').waitFor();
  await thanks.getByText('$104.00').waitFor();
  const session = new URL(page.url()).searchParams.get('session_id');
  const events = await (await fetch(`${site.sim}/_sim/events`)).json();
  const sold = events.find(({ type, data }) => type === 'checkout.session.completed' && data.object.id === session).data
    .object;
  equal(sold.custom_fields[0].text.value, 'For Ann, with love');
  const number = await thanks.getByText(/^BC-/).textContent();
  await page.getByRole('link', { name: 'Cart, 0 in the cart' }).waitFor();
  await page.getByRole('link', { name: 'My orders' }).click();
  await page.getByRole('heading', { name: `Order ${number}` }).waitFor();
  await page.getByText('Details').click();
  await page.getByText('Halifax').waitFor();
});

test('a guest sees an order under My orders once the login says that the address is theirs', async context => {
  const page = await openShop(context);
  await fillCart(page);
  await goToStripe(page);
  await payAtStripe(page, { email: 'Guest.Of.Ours@shop.example' });
  const number = await page.locator('ordersnap-thanks').getByText(/^BC-/).textContent();
  await page.goto(`${shopUrl}orders.html`);
  await logIn(page, 'somebody', 'guest.of.ours@shop.example');
  await page.getByRole('heading', { name: `Order ${number}` }).waitFor();
});

test('a payment that is on its way is said to be, and a reload shows when it has come', async context => {
  const page = await openShop(context);
  await fillCart(page);
  await goToStripe(page);
  await payAtStripe(page, { method: 'later' });
  await page.getByText('Your payment is still on its way', { exact: false }).first().waitFor();
  const session = new URL(page.url()).searchParams.get('session_id');
  await call('/_sim/later', { session, outcome: 'succeed' });
  await page.locator('ordersnap-thanks').getByText('Your payment went through.', { exact: true }).waitFor();
});

test('the first load asks for nothing that is not there, and shows names and prices of the shop', async context => {
  const page = await openShop(context);
  await page.getByText('$42.00').waitFor();
  equal(await page.locator('ordersnap-buy').count(), 4);
  await page.waitForLoadState('networkidle');
});

test('a cart survives a reload, and another tab shows it at once', async context => {
  const [one, two] = [await openShop(context), await openShop(context)];
  await fillCart(one);
  await two.getByRole('link', { name: 'Cart, 3 in the cart' }).waitFor();
  await inCart(two, '$85.00');
  await two.getByRole('button', { name: 'Remove Silver Ring' }).click();
  await inCart(one, '$60.00');
  await one.reload();
  await inCart(one, '$60.00');
});

test('the way back from Stripe has the cart as it was, and it can be paid', async context => {
  const page = await openShop(context);
  await fillCart(page);
  await goToStripe(page);
  await page.goBack();
  await inCart(page, '$85.00');
  await eventually(() => pay(page).isEnabled(), 'the button');
  await goToStripe(page);
  await page.locator('#cancel').click();
  await inCart(page, '$85.00');
});

// As Safari comes back to a page that it has kept: what the page had asked for was broken off.
const comeBack = page => page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));

test('a page that is shown again asks anew for the quote that was broken off when it was left', async context => {
  const page = await openShop(context);
  await fillCart(page);
  await page.route('**/cart/quote', route => route.abort());
  await page.getByRole('button', { name: 'Remove Silver Ring' }).click();
  await page.getByRole('alert').getByText('The shop can’t be reached').waitFor();
  await page.unroute('**/cart/quote');
  await comeBack(page);
  await inCart(page, '$60.00');
  equal(await page.getByRole('alert').count(), 0);
  await goToStripe(page);
  expect(context, 'ERR_FAILED');
});

test('a page that is shown again goes nowhere by what was begun before it was left, and can be paid', async context => {
  const page = await openShop(context);
  await fillCart(page);
  for (const end of ['abort', 'continue']) {
    let asked;
    await page.route('**/checkout/create-session', route => {
      asked = route;
    });
    await page.evaluate(() => {
      const { fetch } = window;
      window.answered = false;
      window.fetch = async (...all) => {
        if (!all[0].endsWith('/checkout/create-session')) return fetch(...all);
        window.fetch = fetch;
        try {
          const response = await fetch(...all);
          const text = await response.text();
          return new Response(text, response);
        } finally {
          window.answered = true;
        }
      };
    });
    await pay(page).click();
    await eventually(() => asked, 'the session');
    await comeBack(page);
    await asked[end]();
    await page.waitForFunction(() => window.answered);
    await page.waitForTimeout(100); // in which one that goes to Stripe's page would have begun to
    equal(await page.getByRole('alert').count(), 0);
    equal(new URL(page.url()).pathname, '/demo/');
    await page.unroute('**/checkout/create-session');
  }
  await goToStripe(page);
  expect(context, 'ERR_FAILED');
});

test('a quote that is stale, used or forgotten is asked for anew without a word', async context => {
  const page = await openShop(context);
  let asked = 0;
  await page.route('**/checkout/create-session', route => {
    asked += 1;
    return asked === 1
      ? route.fulfill({ status: 410, contentType: 'application/json', body: '{"error":"the quote has expired"}' })
      : route.continue();
  });
  await fillCart(page);
  await goToStripe(page);
  equal(asked, 2);
  expect(context, '410');
});

test('two clicks ask for one session', async context => {
  const page = await openShop(context);
  let asked = 0;
  await page.route('**/checkout/create-session', route => {
    asked += 1;
    return route.continue();
  });
  await fillCart(page);
  await eventually(() => pay(page).isEnabled(), 'the button');
  await page.locator('#cart form').evaluate(form => {
    for (let i = 0; i < 2; i += 1) form.dispatchEvent(new SubmitEvent('submit', { cancelable: true }));
  });
  await page.locator('#pay').waitFor();
  equal(asked, 1);
});

// The shop's page after the payment knows nothing of the elements.
const bareThanks = page =>
  page
    .locator('#cart ordersnap-cart')
    .evaluate(cart => cart.setAttribute('success-url', '/foreign/bare-thanks.html?session_id={CHECKOUT_SESSION_ID}'));

const heardOfFailure = (page, session) =>
  eventually(
    async () =>
      page.evaluate(
        id =>
          fetch(`/checkout/session-status?session_id=${id}`)
            .then(r => r.json())
            .then(r => r.status === 'failed'),
        session,
      ),
    'word of it',
  );

const ordered = (page, session) =>
  eventually(
    async () =>
      page.evaluate(
        id =>
          fetch(`/checkout/session-status?session_id=${id}`)
            .then(r => r.json())
            .then(r => r.orderNumber),
        session,
      ),
    'the order',
  );

test('back after paying: the cart says what is ordered, and asks for no second session', async context => {
  const [page, other] = [await openShop(context), await openShop(context)];
  await bareThanks(page);
  let asked = 0;
  await context.route('**/checkout/create-session', route => {
    asked += 1;
    return route.continue();
  });
  await fillCart(page);
  await inCart(other, '$85.00');
  await eventually(() => pay(other).isEnabled(), "the other tab's button");
  await goToStripe(page);
  await payAtStripe(page);
  const number = await ordered(page, new URL(page.url()).searchParams.get('session_id'));
  await pay(other).click();
  await inCart(other, `You have already ordered this. Order ${number}`);
  await inCart(other, 'Nothing in it yet.');
  equal(await status(other, '#cart ordersnap-cart'), `You have already ordered this. Order ${number}`);
  equal(
    await other.evaluate(() => document.querySelector('#cart ordersnap-cart').shadowRoot.activeElement?.textContent),
    'Your cart',
  );
  equal(asked, 1);
  await add(other, 'Red Necklace').click();
  await inCart(other, '$30.00');
  equal(await other.locator('#cart').getByText('already ordered').count(), 0);
  await goToStripe(other);
  equal(asked, 2);
});

for (const hears of [true, false]) {
  test(`two tabs began to pay one cart, and the first one's payment went through: ${
    hears ? 'its page after the payment empties the cart' : 'the second, come back, says that it is ordered'
  }`, async context => {
    const [page, other] = [await openShop(context), await openShop(context)];
    if (!hears) await bareThanks(page);
    await fillCart(page);
    await inCart(other, '$85.00');
    await eventually(() => pay(other).isEnabled(), "the other tab's button");
    await goToStripe(page);
    await goToStripe(other);
    await payAtStripe(page);
    const number = await ordered(page, new URL(page.url()).searchParams.get('session_id'));
    if (hears) {
      await page.locator('ordersnap-thanks').getByText(number, { exact: true }).waitFor();
    } else {
      await other.goBack();
      await inCart(other, `You have already ordered this. Order ${number}`);
    }
    equal(await page.evaluate(() => localStorage.getItem('ordersnap-cart')), '{}');
  });
}

test('back after paying: what was put into the cart meanwhile stays in it', async context => {
  const page = await openShop(context);
  await bareThanks(page);
  await fillCart(page);
  await goToStripe(page);
  await payAtStripe(page);
  const session = new URL(page.url()).searchParams.get('session_id');
  const number = await ordered(page, session);
  await page.evaluate(() => localStorage.setItem('ordersnap-cart', '{"N-RED":2,"R-SIL":3}'));
  await page.goto(shopUrl);
  await inCart(page, `You have already ordered this. Order ${number}`);
  await inCart(page, '$50.00');
  await page.goto(`${shopUrl}thanks.html?session_id=${session}`);
  await page.locator('ordersnap-thanks').getByText(number, { exact: true }).waitFor();
  equal(await page.evaluate(() => ordersnap.cart.read()), { 'R-SIL': 2 });
});

test('a quote that somebody else has ordered is a 409 with a code, and leaves the cart with a word', async context => {
  const page = await openShop(context);
  let quote;
  await page.route('**/cart/quote', async route => {
    const response = await route.fetch();
    quote = await response.json();
    await route.fulfill({ response });
  });
  await fillCart(page);
  const session = await page.evaluate(
    quoteSignature =>
      fetch('/checkout/create-session', {
        method: 'POST',
        body: JSON.stringify({ quoteSignature }),
        headers: { 'Content-Type': 'application/json' },
      })
        .then(r => r.json())
        .then(r => r.sessionId),
    quote.quoteSignature,
  );
  await call('/_sim/pay', { session });
  await ordered(page, session);
  await pay(page).click();
  await inCart(page, 'You have already ordered this.');
  equal(await page.evaluate(() => ordersnap.cart.read()), {});
  expect(context, '409');
});

test('a payment that failed later: the cart is as it was, and can be paid', async context => {
  const page = await openShop(context);
  await bareThanks(page);
  await fillCart(page);
  await goToStripe(page);
  await payAtStripe(page, { method: 'later' });
  const session = new URL(page.url()).searchParams.get('session_id');
  await ordered(page, session);
  await call('/_sim/later', { session, outcome: 'fail' });
  await heardOfFailure(page, session);
  await page.goto(shopUrl);
  await inCart(page, '$85.00');
  await eventually(() => pay(page).isEnabled(), 'the button');
  await goToStripe(page);
});

test('a quote that the clock says is stale is not even tried', async context => {
  const page = await openShop(context);
  let quotes = 0;
  await page.route('**/cart/quote', async route => {
    const response = await route.fetch();
    const quote = await response.json();
    quotes += 1;
    await route.fulfill({ response, json: { ...quote, ...(quotes < 5 && { expiresAt: 1 }) } });
  });
  await fillCart(page);
  const before = (quotes = 10);
  await goToStripe(page);
  equal(quotes, before + 1);
});

test('what is not for sale any more is named in the cart, and can be removed', async context => {
  const page = await context.newPage();
  await page.addInitScript(
    () => localStorage.getItem('ordersnap-cart') ?? localStorage.setItem('ordersnap-cart', '{"GONE":2,"N-RED":1}'),
  );
  await page.goto(shopUrl);
  await inCart(page, 'Not available');
  ok(await pay(page).isDisabled(), 'it can be paid');
  await page.getByRole('button', { name: 'Remove GONE' }).click();
  await inCart(page, '$30.00');
  await eventually(() => pay(page).isEnabled(), 'the button');
  expect(context, '400');
});

test('what the page sells keeps its prices while the cart asks what of it is gone, also where that fails', async context => {
  const page = await context.newPage();
  await page.addInitScript(
    () => localStorage.getItem('ordersnap-cart') ?? localStorage.setItem('ordersnap-cart', '{"GONE":2,"N-RED":1}'),
  );
  await page.goto(shopUrl);
  await inCart(page, 'Not available');
  let asked = 0;
  await page.route('**/cart/quote', route => {
    asked += 1;
    return asked % 2 ? route.continue() : answer({ error: 'Service temporarily unavailable' }, { status: 503 })(route);
  });
  for (const [times, name] of ['Silver Ring', 'Moon Earrings'].entries()) {
    await add(page, name).click();
    await page.getByRole('alert').getByText('The shop is busy').waitFor();
    await eventually(() => asked === 2 * (times + 1), 'the cart has asked');
  }
  for (const [sku, price] of Object.entries({ 'N-RED': '$30.00', 'R-SIL': '$25.00' }))
    await page.locator(`ordersnap-buy[sku=${sku}]`).getByText(price).waitFor({ timeout: 2000 });
  expect(context, '400', '503');
});

test('a shop that is away when the page opens is asked again, not at once, and then has its prices', async context => {
  const page = await context.newPage();
  const asked = [];
  await page.route('**/cart/quote', route => {
    asked.push(Date.now());
    return route.abort();
  });
  await page.goto(shopUrl);
  await eventually(() => asked.length > 1, 'the second request');
  ok(asked[1] - asked[0] >= 1500, `it is asked again after ${asked[1] - asked[0]} ms`);
  ok(await add(page, 'N-RED').isEnabled(), 'it can be put into the cart all the same');
  await page.unroute('**/cart/quote');
  await page.getByText('$42.00').waitFor();
  expect(context, 'ERR_FAILED');
});

test('a shop that is away or busy says so, and Try again goes on', async context => {
  const page = await openShop(context);
  await page.getByText('$42.00').waitFor();
  await page.route('**/cart/quote', route => route.abort());
  await add(page, 'Silver Ring').click();
  await page.getByRole('alert').getByText('can’t be reached').waitFor();
  await page.unroute('**/cart/quote');
  await page.getByRole('button', { name: 'Try again' }).click();
  await inCart(page, '$25.00');
  await page.route('**/checkout/create-session', answer({ error: 'Service temporarily unavailable' }, { status: 503 }));
  await pay(page).click();
  await page.getByRole('alert').getByText('The shop is busy').waitFor();
  await page.unroute('**/checkout/create-session');
  await goToStripe(page);
  expect(context, '503', 'ERR_FAILED');
});

test('answers that come in another order: the newest cart counts', async context => {
  const page = await openShop(context);
  await page.getByText('$42.00').waitFor();
  let first = true;
  await page.route('**/cart/quote', async route => {
    const slow = first;
    first = false;
    const response = await route.fetch();
    if (slow) await new Promise(done => setTimeout(done, 700));
    await route.fulfill({ response });
  });
  await add(page, 'Silver Ring').click();
  await page.waitForTimeout(100);
  await add(page, 'Red Necklace').click();
  await inCart(page, '$55.00');
  await page.waitForTimeout(800);
  await inCart(page, '$55.00');
  let begun;
  await page.route('**/checkout/create-session', async route => {
    const response = await route.fetch();
    begun = await response.json();
    await route.fulfill({ response });
  });
  await goToStripe(page);
  equal(begun.quote.pricingSummary.subtotal, 5500);
});

test('a cart that is changed while its payment begins is not paid as it was, and can be paid as it is', async context => {
  const page = await openShop(context);
  await add(page, 'Silver Ring').click();
  await inCart(page, '$25.00');
  let answer;
  const held = new Promise(done => (answer = done));
  await page.route('**/checkout/create-session', async route => {
    const response = await route.fetch();
    await held;
    await route.fulfill({ response });
  });
  await page.locator('ordersnap-cart').getByRole('button', { name: 'Check out' }).click();
  await page.locator('ordersnap-cart').getByRole('button', { name: 'One moment…' }).waitFor();
  await add(page, 'Red Necklace').click();
  await inCart(page, '$55.00');
  answer();
  await page.waitForTimeout(500);
  equal(page.url().startsWith(site.url), true, 'it stays');
  equal(await page.evaluate(() => localStorage.getItem('ordersnap-session')), null, 'what was begun');
  await page.unroute('**/checkout/create-session');
  await goToStripe(page);
});

test('where storage is full a session of before does not stand for the one that is paid: the cart is emptied', async context => {
  const page = await openShop(context);
  await page.evaluate(() => {
    localStorage.setItem('ordersnap-cart', '{"N-RED":1}');
    localStorage.setItem('ordersnap-session', '[{"session":"cs_test_before","quote":"q","lines":[],"done":true}]');
  });
  await page.addInitScript(() => {
    const { setItem } = Storage.prototype;
    Storage.prototype.setItem = function (key, value) {
      if (key === 'ordersnap-session') throw new DOMException('full', 'QuotaExceededError');
      setItem.call(this, key, value);
    };
  });
  await page.reload();
  await goToStripe(page);
  await payAtStripe(page);
  await page.locator('ordersnap-thanks').getByText('Your payment went through.', { exact: true }).waitFor();
  equal(await page.evaluate(() => localStorage.getItem('ordersnap-cart')), '{}');
});

test('a browser whose storage is full keeps the cart as long as the page', async context => {
  const page = await openShop(context);
  await page.evaluate(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await add(page, 'Silver Ring').click();
  await inCart(page, '$25.00');
  await add(page, 'Silver Ring').click();
  await inCart(page, '$50.00');
});

test('sums have the decimals that Stripe charges, whatever a browser has for the currency', async context => {
  const page = await openShop(context);
  let currency;
  await page.route('**/cart/quote', async route => {
    const response = await route.fetch();
    const quote = await response.json();
    if (!response.ok()) return route.fulfill({ response });
    for (const item of quote.items) Object.assign(item, { currency, unitPrice: 123400 });
    Object.assign(quote.pricingSummary, { currency, subtotal: 123400 * quote.items.length });
    await route.fulfill({ response, json: quote });
  });
  for (const [code, sum] of Object.entries({
    huf: 'HUF 1,234.00',
    jpy: '¥123,400',
    kwd: 'KWD 123.400',
    isk: 'ISK 1,234',
    ugx: 'UGX 1,234',
  })) {
    currency = code;
    await page.reload();
    await page.locator('ordersnap-buy').getByText(sum).first().waitFor();
  }
});

test('a thing whose price is of a package costs in the cart what the quote says', async context => {
  const page = await openShop(context);
  await page.route('**/cart/quote', async route => {
    const response = await route.fetch();
    const quote = await response.json();
    for (const item of quote.items) {
      item.amountSubtotal = 2500 * Math.ceil(item.quantity / 12);
      item.unitPrice = item.quantity === 1 ? 2500 : undefined;
    }
    quote.pricingSummary.subtotal = quote.items.reduce((sum, item) => sum + item.amountSubtotal, 0);
    await route.fulfill({ response, json: quote });
  });
  await page.reload();
  for (let i = 0; i < 3; i += 1) await add(page, 'Silver Ring').click();
  await page.locator('ordersnap-cart li', { hasText: 'Silver Ring' }).getByText('$25.00').waitFor();
  await inCart(page, '$25.00');
});

test('a page with one thing that is not for sale asks for the others together', async context => {
  const page = await openShop(context);
  let asked = 0;
  let most = 0;
  await page.route('**/cart/quote', async route => {
    asked += 1;
    const { items } = route.request().postDataJSON();
    const skus = items.map(item => item.sku);
    most = Math.max(most, skus.length);
    if (skus.length > 100 || skus.includes('') || skus.includes('GONE'))
      return route.fulfill({ status: 400, json: { error: 'No price for the sku GONE' } });
    await route.fulfill({
      json: {
        quoteSignature: 'a'.repeat(64),
        expiresAt: 4000000000,
        items: skus.map(sku => ({ sku, name: sku, quantity: 1, unitPrice: 100, currency: 'usd' })),
        pricingSummary: { currency: 'usd', subtotal: 100 * skus.length },
      },
    });
  });
  await page.evaluate(() => {
    for (let i = 0; i < 130; i += 1) {
      const buy = document.createElement('ordersnap-buy');
      buy.setAttribute('sku', i === 70 ? 'GONE' : `S-${i}`);
      document.body.append(buy);
    }
    document.body.append(document.createElement('ordersnap-buy'));
  });
  await eventually(async () => (await page.getByText('$1.00').count()) >= 129, 'prices');
  ok(asked < 20 && most === 100, `${asked} requests, of up to ${most} lines`);
  context.faults.length = 0; // the answers of 400
});

test('a cart that is refused as a whole, though each thing of it is for sale, says why and names nothing as gone', async context => {
  const page = await openShop(context);
  await page.getByText('$42.00').waitFor();
  await page.route('**/cart/quote', route =>
    route.request().postDataJSON().items.length > 1
      ? answer({ error: 'items have two currencies' }, { status: 400 })(route)
      : route.continue(),
  );
  await add(page, 'Silver Ring').click();
  await inCart(page, '$25.00');
  await add(page, 'Red Necklace').click();
  await page.getByRole('alert').getByText('That did not work: items have two currencies').waitFor();
  equal(await page.locator('#cart').getByText('Not available').count(), 0);
  ok(await pay(page).isDisabled(), 'it can be paid');
  expect(context, '400');
});

// --- thanks -------------------------------------------------------------------------------------

test('thanks: waits for the order, says when it takes long, and looks again', async context => {
  const page = await context.newPage();
  await page.clock.install();
  let known = false;
  await page.route('**/checkout/session-status?*', route =>
    answer(
      known
        ? {
            status: 'completed',
            orderNumber: 'BC-LATE',
            amount: 500,
            currency: 'jpy',
            items: [{ name: EVIL, quantity: 1 }],
          }
        : { status: 'unknown' },
    )(route),
  );
  await page.goto(`${site.url}/foreign/thanks.html?session_id=cs_test_1`);
  await page.getByText('we are waiting for word of your payment').first().waitFor();
  for (let i = 0; i < 14; i += 1) {
    await page.clock.runFor(20000);
    await page.waitForTimeout(30);
  }
  await page.getByText('We have not heard of your payment yet.', { exact: false }).first().waitFor();
  known = true;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('BC-LATE', { exact: true }).waitFor();
  await page.getByText('¥500').waitFor();
  await page.getByText(EVIL).waitFor();
  equal((await status(page, 'ordersnap-thanks')).startsWith('Thank you!'), true);
});

test('thanks: after a minute without an answer it says so, also where each request takes its time to fail', async context => {
  const page = await context.newPage();
  await page.clock.install();
  await page.route('**/checkout/session-status?*', async route => {
    await page.clock.runFor(19000);
    await route.abort();
  });
  await page.goto(`${site.url}/foreign/thanks.html?session_id=cs_test_1`);
  const begun = await page.evaluate(() => performance.now());
  const said = page.getByText('We have not heard of your payment yet.', { exact: false }).first();
  await eventually(async () => {
    await page.clock.runFor(1000);
    return said.isVisible();
  }, 'word that it takes long');
  const took = (await page.evaluate(() => performance.now())) - begun;
  ok(took < 100000, `it takes ${took / 1000} seconds`);
  expect(context, 'ERR_FAILED');
});

for (const [state, sentence] of [
  ['failed', 'did not go through'],
  ['expired', 'ended without a payment'],
]) {
  test(`thanks: a session that ${state} keeps the cart`, async context => {
    const page = await context.newPage();
    await page.route(
      '**/checkout/session-status?*',
      answer({
        status: state,
        ...(state === 'failed' && { orderNumber: 'BC-F', amount: 5, currency: 'usd', items: [] }),
      }),
    );
    await page.addInitScript(() => localStorage.setItem('ordersnap-cart', '{"N-RED":1}'));
    await page.goto(`${site.url}/foreign/thanks.html?session_id=cs_test_1`);
    await page.getByText(sentence, { exact: false }).first().waitFor();
    equal(await page.evaluate(() => ordersnap.cart.read()), { 'N-RED': 1 });
  });
}

test('thanks: without a session, and with one that is none, it does not wait', async context => {
  const page = await context.newPage();
  await page.goto(`${site.url}/foreign/thanks.html`);
  await page.getByText('This page is for the way back from a payment.').first().waitFor();
  await page.goto(`${site.url}/foreign/thanks.html?session_id=${encodeURIComponent('"><script>alert(1)</script>')}`);
  await page.getByText('We have not heard of your payment yet.', { exact: false }).first().waitFor();
  expect(context, '400');
});

// --- my orders ----------------------------------------------------------------------------------

test('orders: number, date, lines, total, state, refund, parcel and address; more by a click', async context => {
  const page = await openOrders(context);
  await page.getByRole('button', { name: 'Show more' }).waitFor();
  equal((await orderTitles(page)).slice(0, 2), ['Order BC-ANN01', 'Order BC-ANN02']);
  for (const text of ['Partly refunded', 'Payment on its way', 'Payment failed', 'Refunded', '$85.00', '¥8,500']) {
    await page.locator('ordersnap-orders').getByText(text, { exact: true }).first().waitFor();
  }
  await page.locator('summary').first().click();
  const first = page.locator('ordersnap-orders li').first();
  for (const text of ['-$25.00', '-$10.00', '5 Shore Road', 'Halifax NS B3H 1A1', 'Canada', 'DHL JD01'])
    await first.getByText(text).waitFor();
  equal(await first.getByRole('link').getAttribute('href'), 'https://track.example/JD01');
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('heading', { name: 'BC-ANN10' }).waitFor();
  equal(
    await page.evaluate(() => document.querySelector('ordersnap-orders').shadowRoot.activeElement.textContent),
    'Order BC-ANN06',
  );
  ok(
    await page
      .locator('details')
      .first()
      .evaluate(e => e.open),
    'what was open stays open',
  );
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('heading', { name: 'BC-ANN12' }).waitFor();
  equal((await orderTitles(page)).length, 12);
  equal(await page.getByRole('button', { name: 'Show more' }).count(), 0);
  equal(await status(page, 'ordersnap-orders'), 'Orders shown: 12');
});

test('orders: a product, a name, an address and a link that are HTML are shown as text', async context => {
  const page = await openOrders(context);
  await page.getByText(EVIL).first().waitFor();
  await page.locator('summary').nth(3).click();
  equal(await page.locator('ordersnap-orders img').count(), 0);
  equal(await page.locator('ordersnap-orders a').count(), 1);
});

test(
  'orders: the total is in the reader’s locale and the order’s currency',
  async context => {
    const page = await openOrders(context);
    await page.locator('ordersnap-orders').getByText('85,00\u00a0$').first().waitFor();
    await page
      .locator('ordersnap-orders')
      .getByText(/2026|20\d\d/)
      .first()
      .waitFor();
  },
  { locale: 'de-DE' },
);

test('orders: nobody logged in, nothing bought, and a login that has ended, each in words', async context => {
  const page = await context.newPage();
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.getByText('Please log in to see your orders.').first().waitFor();
  await page.goto(`${shopUrl}orders.html`);
  await logIn(page, 'nobody', 'nobody@shop.example');
  await page.getByText('You have not ordered anything yet.').first().waitFor();
  const old = await page.evaluate(() =>
    fetch('login', { method: 'POST', body: JSON.stringify({ name: 'ann', seconds: -5 }) }).then(r => r.json()),
  );
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.evaluate(
    token => ordersnap.configure({ token }) ?? document.querySelector('ordersnap-orders').reload(),
    old.token,
  );
  await page.getByText('Your login has ended. Please log in again.').first().waitFor();
  expect(context, '401');
});

test('orders: a token that has expired is asked for anew, once, before anybody hears of it', async context => {
  const page = await openOrders(context);
  const [old, good] = await page.evaluate(() =>
    Promise.all(
      [-5, 60].map(seconds =>
        fetch('login', { method: 'POST', body: JSON.stringify({ name: 'ann', seconds }) })
          .then(r => r.json())
          .then(r => r.token),
      ),
    ),
  );
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.evaluate(
    ([a, b]) => {
      document.querySelector('ordersnap-orders').token = ({ anew }) => (anew ? b : a);
    },
    [old, good],
  );
  await page.getByRole('heading', { name: 'BC-ANN01' }).waitFor();
  ok(!page.url().includes('token'), 'no token in the address');
  expect(context, '401');
});

test('orders: where somebody else is logged in by now, Show more shows theirs, and none of before', async context => {
  const page = await openOrders(context);
  await page.getByRole('heading', { name: 'BC-ANN01' }).waitFor();
  await page.evaluate(async () => {
    const asked = await fetch('login', { method: 'POST', body: JSON.stringify({ name: 'old' }) });
    const { token } = await asked.json();
    sessionStorage.setItem('tidewrack-login', JSON.stringify({ name: 'old', token })); // as in another tab
  });
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('heading', { name: site.old[0] }).waitFor();
  equal(await orderTitles(page), site.old);
  expect(context, '400');
});

test('orders: what has not changed since the last time is not sent again', async context => {
  const page = await openOrders(context);
  const answers = []; // from the second on
  await page.getByRole('button', { name: 'Show more' }).waitFor();
  page.on('response', async response => {
    if (!response.url().includes('/orders?')) return;
    const { 'if-none-match': known } = await response.request().allHeaders();
    const { encodedBodySize, transferSize } = await page.evaluate(
      url => performance.getEntriesByName(url).at(-1)?.toJSON() ?? {},
      response.url(),
    );
    answers.push([Boolean(known), transferSize < encodedBodySize]); // a 304 is headers alone
  });
  await page.evaluate(() => document.querySelector('ordersnap-orders').reload());
  await page.getByRole('heading', { name: 'BC-ANN01' }).waitFor();
  await eventually(() => answers.length, 'the second answer');
  equal(answers, [[true, true]]);
});

test('orders: with remote-user the web server knows who asks: no token is needed, and a 401 asks to log in', async context => {
  const page = await context.newPage();
  const sent = [];
  let status = 200;
  await page.route('**/orders?*', async route => {
    sent.push((await route.request().allHeaders()).authorization ?? null);
    return answer(status === 200 ? withOrder({}) : { error: 'a login is required' }, { status })(route);
  });
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.getByText('Please log in to see your orders.').first().waitFor();
  equal(sent, []);
  await page.evaluate(() => {
    const e = document.querySelector('ordersnap-orders');
    e.setAttribute('remote-user', '');
    e.reload();
  });
  await page.getByRole('heading', { name: 'BC-1' }).waitFor();
  status = 401;
  await page.evaluate(() => document.querySelector('ordersnap-orders').more());
  await page.getByText('Your login has ended. Please log in again.').first().waitFor();
  equal(await orderTitles(page), []); // whoever sits there now may be somebody else
  equal(sent, [null, null]);
  expect(context, '401');
});

test('orders: slow is said while it lasts; away and busy have a button to try again', async context => {
  const page = await openOrders(context);
  await page.getByRole('button', { name: 'Show more' }).waitFor();
  let release;
  await page.route('**/orders?*', async route => {
    await new Promise(done => {
      release = done;
    });
    await route.continue();
  });
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByText('Loading your orders…').first().waitFor();
  equal(await status(page, 'ordersnap-orders'), 'Loading your orders…');
  equal(await page.locator('ordersnap-orders [aria-busy=true]').count(), 1);
  equal((await orderTitles(page)).length, 5);
  await eventually(() => release, 'the request');
  release();
  await page.getByRole('heading', { name: 'BC-ANN06' }).waitFor();
  equal(await page.locator('ordersnap-orders [aria-busy=true]').count(), 0);
  await page.unroute('**/orders?*');
  for (const [fault, text] of [
    [route => route.abort(), 'can’t be reached'],
    [answer({ error: 'x' }, { status: 503 }), 'is busy'],
    [answer({ error: 'x' }, { status: 500 }), 'That did not work'],
    [route => route.fulfill({ body: '<html>' }), 'can’t be reached'],
  ]) {
    await page.route('**/orders?*', fault);
    await page.locator('ordersnap-orders').getByRole('button').last().click();
    await page.getByRole('alert').getByText(text).first().waitFor();
    equal((await orderTitles(page)).length, 10);
    ok(await page.getByRole('heading', { name: 'BC-ANN01' }).isVisible(), `${text}: what was there is there`);
    await page.unroute('**/orders?*');
  }
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'BC-ANN12' }).waitFor();
  expect(context, '503', '500', 'ERR_FAILED');
});

test('orders: pages that are empty and lead on are read through, and one order is shown once', async context => {
  const page = await context.newPage();
  const order = n => ({
    orderId: `cs_${n}`,
    orderNumber: `BC-${n}`,
    status: 'completed',
    amount: 1,
    currency: 'usd',
    createdAt: '2026-11-01T00:00:00Z',
  });
  const pages = { '': [[], 'a'], a: [[], 'b'], b: [[order(1), order(1)], 'c'], c: [[order(1), order(2)], null] };
  await page.route('**/orders?*', route => {
    const [orders, nextCursor] = pages[new URL(route.request().url()).searchParams.get('cursor') ?? ''];
    return answer({ orders, nextCursor, hasOrders: true })(route);
  });
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.evaluate(() => {
    document.querySelector('ordersnap-orders').token = 'x';
  });
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('heading', { name: 'BC-2' }).waitFor();
  equal(await orderTitles(page), ['Order BC-1', 'Order BC-2']);
});

for (const [locale, dates, sums] of [
  [
    'en-US',
    ['November 1, 2026', 'November 2, 2026'],
    ['¥8,500', 'KWD 12.345', '$85.00', '-$25.00', '-$10.00', '$5.00'],
  ],
  [
    'de-DE',
    ['1. November 2026', '2. November 2026'],
    ['8.500 ¥', '12,345 KWD', '85,00 $', '-25,00 $', '-10,00 $', '5,00 $'],
  ],
]) {
  test(
    `orders: each sum is in its order's currency, each sum and date in the reader's locale: ${locale}`,
    async context => {
      const page = await context.newPage();
      const order = { status: 'completed', createdAt: '2026-11-01T12:00:00Z' };
      await page.route(
        '**/orders?*',
        answer({
          nextCursor: null,
          orders: [
            { ...order, orderId: 'a', amount: 8500, currency: 'jpy' },
            { ...order, orderId: 'b', amount: 12345, currency: 'kwd' },
            {
              ...order,
              orderId: 'c',
              amount: 8500,
              currency: 'usd',
              amountDiscount: 1000,
              amountShipping: 500,
              refunds: [{ status: 'succeeded', amount: 2500, currency: 'usd', createdAt: '2026-11-02T12:00:00Z' }],
            },
          ],
        }),
      );
      await page.goto(`${site.url}/foreign/orders.html`);
      await page.evaluate(() => ordersnap.configure({ token: 'x' }));
      for (const summary of await page.locator('ordersnap-orders summary').all()) await summary.click();
      const plain = texts => texts.map(text => text.replace(/\u00a0/g, ' '));
      const heads = plain(
        await page.locator('ordersnap-orders [part=card] > .row:nth-child(2) .number').allTextContents(),
      );
      const [jpy, kwd, usd, refunded, discount, shipping] = sums;
      equal(heads, [jpy, kwd, usd]);
      equal(plain(await page.locator('ordersnap-orders .sums dd').allTextContents()), [
        jpy,
        kwd,
        discount,
        shipping,
        usd,
        refunded,
      ]);
      equal(await page.locator('ordersnap-orders time').first().textContent(), dates[0]);
      ok(
        (await page.locator('ordersnap-orders .sums dt').last().textContent()).endsWith(dates[1]),
        'the refund has its date',
      );
    },
    { locale },
  );
}

// --- a server that is broken, or hostile ---------------------------------------------------------

const GOOD_ORDER = {
  orderId: 'cs_1',
  orderNumber: 'BC-1',
  status: 'completed',
  amount: 100,
  currency: 'usd',
  createdAt: '2026-11-01T00:00:00Z',
  items: [],
};
const GOOD_QUOTE = {
  quoteSignature: 'q',
  expiresAt: 4e9,
  items: [{ sku: 'X-EVIL', name: 'Thing', quantity: 1, unitPrice: 100, currency: 'usd' }],
  pricingSummary: { subtotal: 100, currency: 'usd' },
};
const withOrder = more => ({ orders: [{ ...GOOD_ORDER, ...more }], nextCursor: null, hasOrders: true });
const HOSTILE_TEXT = { toString: 1, valueOf: null };

const NO_JSON = {
  HTML: '<html>ok</html>',
  nothing: '',
  'half an object': '{"orders": [',
  null: 'null',
  'a list': '[]',
  'a number': '5',
  'a text': '"orders"',
  'ten megabytes': JSON.stringify({ ...withOrder({}), ...GOOD_QUOTE, status: 'completed', padding: 'x'.repeat(10e6) }),
};
const BAD_ORDERS = {
  'no list': {},
  'a text for the list': { orders: 'abc' },
  'a cursor that is an object': { orders: [], nextCursor: {} },
};
const BAD_QUOTES = {
  'no fields': {},
  'lines of null': { ...GOOD_QUOTE, items: [null] },
  'a text for lines': { ...GOOD_QUOTE, items: 'abc' },
  'no sums': { ...GOOD_QUOTE, pricingSummary: undefined },
  'no sum': { ...GOOD_QUOTE, pricingSummary: {} },
  'no signature': { ...GOOD_QUOTE, quoteSignature: null },
  'a price as text': { ...GOOD_QUOTE, items: [{ ...GOOD_QUOTE.items[0], unitPrice: '1' }] },
  'a huge sum': { ...GOOD_QUOTE, pricingSummary: { subtotal: 1e300, currency: 'usd' } },
};
const BAD_STATUSES = {
  'lines of null': { status: 'completed', orderNumber: 'BC-1', items: [null] },
  'a text for lines': { status: 'completed', orderNumber: 'BC-1', items: 'abc' },
  'an object for the number': { status: 'completed', orderNumber: HOSTILE_TEXT },
  'an amount as text': { status: 'completed', orderNumber: 'BC-1', amount: '5' },
  'a state of no text': { status: HOSTILE_TEXT },
  'a huge amount': { status: 'completed', orderNumber: 'BC-1', amount: -1e300, currency: 'usd', items: [] },
};
const bodies = bad =>
  Object.entries({
    ...NO_JSON,
    ...Object.fromEntries(Object.entries(bad).map(([what, value]) => [what, JSON.stringify(value)])),
  });
const give = body => route => route.fulfill({ contentType: 'application/json', body });

test('orders: an answer that is none, of whatever kind, is an error in words, and Try again works', async context => {
  const page = await context.newPage();
  let body = '{}';
  await page.route('**/orders?*', route => give(body)(route));
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.evaluate(() => {
    document.querySelector('ordersnap-orders').token = 'x';
  });
  for (const [what, bad] of bodies(BAD_ORDERS)) {
    body = bad;
    await page.evaluate(() => document.querySelector('ordersnap-orders').reload());
    await page
      .getByRole('alert')
      .getByText('can’t be reached')
      .waitFor()
      .catch(() => ok(false, `${what}: no word of it`));
    body = JSON.stringify(withOrder({}));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'BC-1' }).waitFor();
    equal(context.faults, [], what);
  }
});

test('the cart: a quote that is none, of whatever kind, is an error in words, and Try again works', async context => {
  const page = await context.newPage();
  let body = JSON.stringify(GOOD_QUOTE);
  await page.route('**/cart/quote', route => give(body)(route));
  await page.goto(`${site.url}/foreign/evil.html`);
  await page.getByText('$1.00').first().waitFor();
  for (const [what, bad] of bodies(BAD_QUOTES)) {
    body = bad;
    await page.evaluate(() => {
      ordersnap.cart.clear();
      ordersnap.cart.set('X-EVIL', 1);
    });
    await page
      .getByRole('alert')
      .getByText('can’t be reached')
      .waitFor()
      .catch(() => ok(false, `${what}: no word of it`));
    ok(await pay(page).isDisabled(), `${what}: it can be paid`);
    body = JSON.stringify(GOOD_QUOTE);
    await page.getByRole('button', { name: 'Try again' }).click();
    await eventually(() => pay(page).isEnabled(), `${what}: the button`);
    equal(context.faults, [], what);
  }
});

test('the cart: a session that is none is an error in words, and the next try goes to Stripe', async context => {
  const page = await openShop(context);
  await fillCart(page);
  for (const body of [
    '<html>',
    '[]',
    '{}',
    '{"sessionId":{"toString":1},"checkoutUrl":"https://x.example/"}',
    '{"sessionId":"cs","checkoutUrl":"javascript:alert(1)"}',
    '{"sessionId":"cs","checkoutUrl":7}',
  ]) {
    await page.route('**/checkout/create-session', give(body));
    await pay(page).click();
    await page.getByRole('alert').getByText('can’t be reached').waitFor();
    await page.unroute('**/checkout/create-session');
  }
  await goToStripe(page);
});

test('thanks: an answer that is none, of whatever kind, is waited out, said, and asked for again', async context => {
  for (const [what, bad] of bodies(BAD_STATUSES)) {
    const page = await context.newPage();
    let body = bad;
    let asked = 0;
    await page.route('**/checkout/session-status?*', route => {
      asked += 1;
      return give(body)(route);
    });
    await page.clock.install();
    await page.goto(`${site.url}/foreign/thanks.html?session_id=cs_test_1`);
    await page.getByText('we are waiting for word').first().waitFor();
    await eventually(
      async () => {
        await page.clock.runFor(20000);
        return page.getByRole('button', { name: 'Try again' }).count();
      },
      `${what}: an end`,
      30000,
    );
    ok(asked > 1, `${what}: asked once alone`);
    await page.getByText('We have not heard of your payment yet.', { exact: false }).first().waitFor();
    body = JSON.stringify({ status: 'completed', orderNumber: 'BC-1', amount: 100, currency: 'usd', items: [] });
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('BC-1', { exact: true }).waitFor();
    equal(context.faults, [], what);
    await page.close();
  }
});

// Every field of an order that doc/openapi.json names, as a path: ['items', 0, 'name'].
const API = JSON.parse(readFileSync(new URL('../../doc/openapi.json', import.meta.url), 'utf8'));
const resolved = schema => (schema.$ref ? API.components.schemas[schema.$ref.split('/').pop()] : schema);
const pathsOf = schema => {
  const { properties, items } = resolved(schema);
  const inside = properties ? Object.entries(properties) : items ? [[0, items]] : [];
  return inside.flatMap(([name, one]) => [[name], ...pathsOf(one).map(rest => [name, ...rest])]);
};
const withField = (value, [name, ...rest], odd) => {
  const copy = typeof name === 'number' ? [...(value ?? [])] : { ...value };
  copy[name] = rest.length ? withField(copy[name], rest, odd) : odd;
  return copy;
};

test('orders: a field of another kind, whichever it is, hides no other order and shows nothing odd', async context => {
  const page = await context.newPage();
  const odd = [
    null,
    true,
    7,
    -0.5,
    1e300,
    'x',
    '',
    [],
    {},
    [null],
    [[]],
    ['x'],
    [7],
    [{}],
    { toString: 1, valueOf: null },
    HOSTILE_TEXT,
    [HOSTILE_TEXT],
  ];
  let body;
  await page.route('**/orders?*', route => answer(body)(route));
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.evaluate(() => ordersnap.configure({ locale: 'en-US', token: 'x' }));
  const paths = pathsOf({ $ref: 'Order' });
  ok(paths.length > 60, `${paths.length} fields`);
  for (const path of paths) {
    const orders = odd.map((value, n) =>
      withField({ ...GOOD_ORDER, orderId: `cs_${n}`, orderNumber: `BC-${n}` }, path, value),
    );
    body = {
      orders: [
        { ...GOOD_ORDER, orderId: 'cs_a', orderNumber: 'BC-A' },
        ...orders,
        { ...GOOD_ORDER, orderId: 'cs_z', orderNumber: 'BC-Z' },
      ],
      nextCursor: null,
    };
    await page.evaluate(() => document.querySelector('ordersnap-orders').reload());
    await page.getByRole('heading', { name: 'BC-A' }).waitFor();
    const unreadable = path[0] === 'orderId' ? odd.filter(value => typeof value !== 'string').length : 0;
    equal((await orderTitles(page)).length, orders.length + 2 - unreadable, path.join('.'));
    const shown = await page.locator('ordersnap-orders').evaluate(e => e.shadowRoot.textContent);
    ok(
      !/NaN|undefined|null|object|function/.test(shown),
      `${path.join('.')}: ${shown.match(/.{0,40}(NaN|undefined|null|object|function)/)?.[0]}`,
    );
    equal(shown.includes(`Orders that can’t be shown here: ${unreadable}`), unreadable > 0, path.join('.'));
  }
});

test('orders: one that is no order is counted in a note, the others are shown, and more can be loaded', async context => {
  const page = await context.newPage();
  const bodies = [
    {
      orders: [
        null,
        { ...GOOD_ORDER, orderId: 'cs_a', orderNumber: 'BC-A' },
        [],
        'x',
        { ...GOOD_ORDER, orderId: undefined },
      ],
      nextCursor: 'c',
    },
    { orders: [7], nextCursor: null },
  ];
  const note = count =>
    page.locator('ordersnap-orders [part=note]').getByText(`Orders that can’t be shown here: ${count}.`);
  let asked = 0;
  await page.route('**/orders?*', route => {
    asked += 1;
    return answer(bodies[(asked - 1) % 2])(route);
  });
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.evaluate(() => ordersnap.configure({ token: 'x' }));
  await note(4).waitFor();
  equal(
    await status(page, 'ordersnap-orders'),
    'Orders shown: 1. Orders that can’t be shown here: 4. Please ask the shop.',
  );
  await page.getByRole('button', { name: 'Show more' }).click();
  await note(5).waitFor();
  equal(await orderTitles(page), ['Order BC-A']);
  asked = 1; // from the beginning there is none but an unreadable one
  await page.evaluate(() => document.querySelector('ordersnap-orders').reload());
  await note(1).waitFor();
  equal(await page.getByText('You have not ordered anything yet.').count(), 0);
});

test('orders: what the Lambda functions left in their table is shown, each of it', async context => {
  const page = await openOrders(context, 'old');
  await page.getByRole('heading', { name: 'BC-OLD1' }).waitFor();
  equal(await orderTitles(page), site.old);
  for (const summary of await page.locator('ordersnap-orders summary').all()) await summary.click();
  const shown = await page.locator('ordersnap-orders').evaluate(e => e.shadowRoot.textContent);
  ok(!/NaN|undefined|null|object|Invalid/.test(shown), shown);
  equal(await page.locator('ordersnap-orders [part=note]').count(), 0);
});

test('orders: what is only odd is shown: negative amounts, a currency of none, fields that are missing, a state nobody knows', async context => {
  const page = await context.newPage();
  const odd = [
    { orderId: 'a' },
    { ...GOOD_ORDER, orderId: 'b', currency: 'none', amount: -12345 },
    { ...GOOD_ORDER, orderId: 'c', status: 'constructor', items: [{}] },
    {
      ...GOOD_ORDER,
      orderId: 'd',
      createdAt: 'yesterday',
      currency: '',
      shippingAddress: {},
      tracking: {},
      refunds: [{ status: 'succeeded' }],
    },
  ];
  await page.route('**/orders?*', answer({ orders: odd, nextCursor: null }));
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.evaluate(() => {
    document.querySelector('ordersnap-orders').token = 'x';
  });
  await page.getByText('-123.45 NONE').first().waitFor();
  equal((await orderTitles(page)).length, 4);
  equal(await page.getByText(/NaN|undefined|null|1970|object/).count(), 0);
});

test('orders: of a payment that was captured in part what was charged is said, and no refund of what nobody paid', async context => {
  const page = await context.newPage();
  const whole = { ...GOOD_ORDER, currency: 'usd', amount: 8500, status: 'completed' };
  const rest = { amount: 2500, currency: 'usd', status: 'succeeded', createdAt: '2026-11-01T09:00:00Z' };
  const listed = {
    whole: { ...whole, amountCaptured: 8500 },
    held: { ...whole, status: 'pending', amountCaptured: 0 },
    released: { ...whole, status: 'failed', amountCaptured: 0 },
    part: { ...whole, amountCaptured: 6000, amountRefunded: 0 },
    old: { ...whole, amountCaptured: 6000, amountRefunded: 0, refunds: [rest] },
    back: {
      ...whole,
      status: 'partially_refunded',
      amountCaptured: 6000,
      amountRefunded: 1000,
      refunds: [{ ...rest, amount: 1000 }],
    },
    both: { ...whole, status: 'refunded', amountCaptured: 6000, amountRefunded: 6000, refunds: [rest, rest, rest] },
    more: { ...whole, amountCaptured: 9000 },
  };
  await page.route(
    '**/orders?*',
    answer({ orders: Object.entries(listed).map(([orderId, order]) => ({ ...order, orderId })), nextCursor: null }),
  );
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.evaluate(() => {
    document.querySelector('ordersnap-orders').token = 'x';
  });
  await page.getByRole('heading', { name: 'BC-1' }).first().waitFor();
  const shown = await page.locator('ordersnap-orders li[part=card]').evaluateAll(cards =>
    cards.map(card => [
      card.dataset.key.slice(6),
      card.querySelector('time + .number').textContent,
      ...[...card.querySelectorAll('details dt')].map(dt => `${dt.textContent} ${dt.nextElementSibling.textContent}`),
    ]),
  );
  equal(shown, [
    ['whole', '$85.00', 'Total $85.00'],
    ['held', '$85.00', 'Total $85.00'],
    ['released', '$85.00', 'Total $85.00'],
    ['part', '$60.00', 'Total $85.00', 'Charged $60.00'],
    ['old', '$60.00', 'Total $85.00', 'Charged $60.00'],
    ['back', '$60.00', 'Total $85.00', 'Charged $60.00', 'Refund of November 1, 2026 -$10.00'],
    ['both', '$60.00', 'Total $85.00', 'Charged $60.00', 'Refunded -$60.00'],
    ['more', '$90.00', 'Total $85.00', 'Charged $90.00'],
  ]);
});

test('orders: empty pages that lead on for ever come to an end', async context => {
  const page = await context.newPage();
  let asked = 0;
  await page.route('**/orders?*', route => {
    asked += 1;
    return answer({ orders: [], nextCursor: `c${asked}` })(route);
  });
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.evaluate(() => {
    document.querySelector('ordersnap-orders').token = 'x';
  });
  await page.getByRole('button', { name: 'Show more' }).waitFor();
  equal(asked, 20);
});

// A server of its own on a free port; hanging up is ours.
async function withServer(respond, body) {
  const server = createServer(respond);
  await new Promise(done => {
    server.listen(0, '127.0.0.1', done);
  });
  try {
    return await body(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('orders: an answer that never ends is given up, and Try again works', async context => {
  let ends = false;
  await withServer(
    (request, response) => {
      response.writeHead(request.method === 'OPTIONS' ? 204 : 200, {
        'Content-Type': 'application/json',
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Headers': 'authorization',
      });
      if (request.method === 'OPTIONS' || ends) response.end(JSON.stringify(withOrder({})));
      else response.write('{"orders": [');
    },
    async base => {
      const page = await context.newPage();
      await page.goto(`${site.other}/other/orders.html`);
      await page.evaluate(url => ordersnap.configure({ base: url, token: 'x' }), base);
      await page.getByRole('alert').getByText('can’t be reached').waitFor({ timeout: 30000 });
      ends = true;
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('heading', { name: 'BC-1' }).waitFor();
    },
  );
  expect(context, 'ERR_'); // the browser's own word of it
});

test('orders: the way back through the history asks who is there now, and shows nothing of before', async context => {
  let isIn = true;
  await withServer(
    (request, response) => {
      const status = request.method === 'OPTIONS' ? 204 : isIn ? 200 : 401;
      response.writeHead(status, {
        'Content-Type': 'application/json',
        'Cache-Control': 'private', // as programs said that did not have no-cache
        ETag: '"1"',
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Headers': 'authorization, content-type',
      });
      response.end(isIn ? JSON.stringify(withOrder({})) : '{"error":"the token is not valid"}');
    },
    async base => {
      await context.addInitScript(
        value => {
          window.forTheTest = value;
        },
        { base, token: 'x' },
      );
      const page = await context.newPage();
      await page.goto(`${site.other}/other/all.html`);
      await page.getByRole('heading', { name: 'BC-1' }).waitFor();
      isIn = false;
      await page.goto(`${site.url}/foreign/bare-thanks.html`);
      await page.goBack();
      await page.getByText('Your login has ended. Please log in again.').first().waitFor();
      equal(await orderTitles(page), []);
    },
  );
  expect(context, '401');
});

test('before Pay, a look at the last payment that gets no answer takes three seconds, not twenty', async context => {
  const page = await openShop(context);
  await page.evaluate(() =>
    localStorage.setItem('ordersnap-session', '{"session":"cs_test_slow","quote":"q","lines":[]}'),
  );
  let asked = 0;
  await page.route('**/checkout/session-status?*', () => {
    asked += 1;
  }); // no answer at all
  await fillCart(page);
  await eventually(() => pay(page).isEnabled(), 'the button');
  const before = asked;
  await pay(page).click();
  await page.locator('#pay').waitFor({ timeout: 15000 });
  equal(asked, before + 1);
  expect(context, 'ERR_');
});

test('a payment of this tab that failed, after another tab began one, is not told as ordered', async context => {
  const [page, other] = [await openShop(context), await openShop(context)];
  let session;
  await page.route('**/checkout/create-session', async route => {
    const response = await route.fetch();
    const value = await response.json();
    session ??= value.sessionId;
    await route.fulfill({
      response,
      json: value.sessionId === session ? { ...value, checkoutUrl: `${site.url}/foreign/stay` } : value,
    });
  });
  await page.route('**/foreign/stay', route => route.fulfill({ status: 204 })); // Stripe's page is not come to
  await fillCart(page);
  await pay(page).click();
  await eventually(() => page.evaluate(() => localStorage.getItem('ordersnap-session')), 'the session');
  await eventually(() => pay(other).isEnabled(), "the other tab's button");
  await goToStripe(other);
  await call('/_sim/pay', { session, method: 'later' });
  await call('/_sim/later', { session, outcome: 'fail' });
  await heardOfFailure(page, session);
  await page.evaluate(() => dispatchEvent(new Event('pageshow')));
  await goToStripe(page);
  expect(context, '409');
});

test('a page of another origin sells and lists with configure({base, token}), and asks its own origin for nothing', async context => {
  const shop = await openShop(context);
  const token = await shop.evaluate(() =>
    fetch('login', { method: 'POST', body: JSON.stringify({ name: 'ann' }) })
      .then(r => r.json())
      .then(r => r.token),
  );
  const page = await context.newPage();
  await page.addInitScript(
    value => {
      window.forTheTest = value;
    },
    { base: site.url, token },
  );
  const own = [];
  page.on('request', request => request.url().startsWith(site.other) && own.push(new URL(request.url()).pathname));
  await page.goto(`${site.other}/other/all.html`);
  await page.getByRole('heading', { name: 'BC-ANN01' }).waitFor();
  await add(page, 'Red Necklace').click();
  await page.locator('ordersnap-cart').getByText('$30.00').first().waitFor();
  await eventually(() => pay(page).isEnabled(), 'the button');
  await goToStripe(page);
  equal(
    [...new Set(own)].filter(path => !/^\/(other|ordersnap\.js|demo\/icon)/.test(path)),
    [],
  );
});

// --- foreign pages ------------------------------------------------------------------------------

test('a product named like HTML is text, in a page with the strictest policy', async context => {
  const page = await context.newPage();
  await page.goto(`${site.url}/foreign/evil.html`);
  await add(page, EVIL).click();
  await page.locator('ordersnap-cart').getByText('$1.00').first().waitFor();
  await page.locator('ordersnap-cart').getByText(EVIL).first().waitFor();
  equal(await page.locator('img').count(), 0);
});

for (let n = 0; n < site.snippets; n += 1) {
  test(`the manual's snippet ${n + 1} works in a page with the strictest policy`, async context => {
    const page = await context.newPage();
    await page.goto(`${site.url}/foreign/snippet${n}.html?session_id=cs_test_ann05`);
    await page.waitForLoadState('networkidle');
    const shown = await page.evaluate(() =>
      [...document.querySelectorAll('ordersnap-buy, ordersnap-cart, ordersnap-thanks, ordersnap-orders')].map(e =>
        e.shadowRoot.textContent.trim(),
      ),
    );
    ok(shown.length && shown.every(Boolean), `it shows ${JSON.stringify(shown)}`);
  });
}

test("the manual's attributes of buy and cart: quantity, name, most, heading, countries, email and the two addresses", async context => {
  const page = await context.newPage();
  let body;
  await page.route('**/checkout/create-session', route => {
    body = route.request().postDataJSON();
    return answer({ error: 'no' }, { status: 400 })(route);
  });
  await page.goto(`${site.url}/foreign/evil.html`);
  await page.evaluate(() => {
    const set = (tag, attributes) =>
      Object.entries(attributes).forEach(([name, value]) => document.querySelector(tag).setAttribute(name, value));
    set('ordersnap-buy', { sku: 'N-RED', quantity: '2', name: 'A pair' });
    set('ordersnap-cart', {
      most: '3',
      heading: '4',
      countries: 'CA, US',
      'success-url': '/x.html?session_id={CHECKOUT_SESSION_ID}',
      'cancel-url': 'y.html',
    });
  });
  await add(page, 'A pair').click();
  await page.getByRole('heading', { name: 'Your cart', level: 4 }).waitFor();
  equal(await page.evaluate(() => ordersnap.cart.read()), { 'N-RED': 2 });
  await page.getByRole('button', { name: 'One Red Necklace more' }).click();
  ok(await page.getByRole('button', { name: 'One Red Necklace more' }).isDisabled(), 'more than the most');
  await page.getByLabel('Quantity of Red Necklace').fill('7');
  await page.getByLabel('Quantity of Red Necklace').press('Tab');
  await page.locator('ordersnap-cart').getByText('$90.00').first().waitFor();
  await page.getByLabel(/^E-mail/).fill('ann@shop.example');
  await eventually(() => pay(page).isEnabled(), 'the button');
  await pay(page).click();
  await page.getByRole('alert').getByText('That did not work: no').waitFor();
  const { quoteSignature, ...rest } = body;
  ok(/^[0-9a-f]{64}$/.test(quoteSignature), quoteSignature);
  equal(rest, {
    customerEmail: 'ann@shop.example',
    shippingAddressCollection: { allowed_countries: ['CA', 'US'] },
    successUrl: `${site.url}/x.html?session_id={CHECKOUT_SESSION_ID}`,
    cancelUrl: `${site.url}/foreign/y.html`,
  });
  equal(await page.getByLabel(/^E-mail/).inputValue(), 'ann@shop.example');
  expect(context, '400');
});

test("the manual's attributes of thanks and orders: parameter, heading, limit", async context => {
  const page = await context.newPage();
  let limit;
  await page.route('**/orders?*', route => {
    limit = new URL(route.request().url()).searchParams.get('limit');
    return answer(withOrder({}))(route);
  });
  await page.goto(`${site.url}/foreign/orders.html?s=cs_test_ann05`);
  await page.evaluate(() => {
    const thanks = document.createElement('ordersnap-thanks');
    thanks.setAttribute('parameter', 's');
    thanks.setAttribute('heading', '3');
    document.querySelector('main').append(thanks);
    const orders = document.querySelector('ordersnap-orders');
    orders.setAttribute('limit', '7');
    orders.setAttribute('heading', '5');
    orders.token = 'x';
  });
  await page.getByText('BC-ANN05', { exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Thank you!', level: 3 }).waitFor();
  await page.getByRole('heading', { name: 'Order BC-1', level: 5 }).waitFor();
  equal(limit, '7');
});

test("the manual's events: what was added, the order once, a login that is needed, and the cart's change", async context => {
  const page = await context.newPage();
  const states = ['pending', 'pending', 'completed'];
  await page.route('**/checkout/session-status?*', route =>
    answer({
      status: states.length > 1 ? states.shift() : states[0],
      orderNumber: 'BC-1',
      amount: 5,
      currency: 'usd',
      items: [],
    })(route),
  );
  await page.addInitScript(() => {
    window.told = [];
    for (const name of ['ordersnap-added', 'ordersnap-order', 'ordersnap-login'])
      document.addEventListener(name, ({ type, detail, target }) => told.push([type, target.localName, detail]));
    addEventListener('ordersnap-cart-change', ({ type, detail }) => told.push([type, detail]));
  });
  await page.goto(`${site.url}/foreign/evil.html`);
  await add(page, EVIL).click();
  equal(await page.evaluate(() => told), [
    ['ordersnap-cart-change', { 'X-EVIL': 1 }],
    ['ordersnap-added', 'ordersnap-buy', { sku: 'X-EVIL', count: 1 }],
  ]);
  await page.goto(`${site.url}/foreign/thanks.html?session_id=cs_test_1`);
  await page.getByText('Your payment went through.').first().waitFor();
  const orders = (await page.evaluate(() => told)).filter(([type]) => type === 'ordersnap-order');
  equal(
    orders.map(([, tag, detail]) => [tag, detail.orderNumber]),
    [['ordersnap-thanks', 'BC-1']],
  );
  await page.goto(`${site.url}/foreign/orders.html`);
  await page.getByText('Please log in to see your orders.').first().waitFor();
  equal(await page.evaluate(() => told), [['ordersnap-login', 'ordersnap-orders', {}]]);
});

test('texts, locale and address come from the page: attributes, properties, configure()', async context => {
  const page = await context.newPage();
  await page.goto(`${site.url}/foreign/evil.html`);
  await page.evaluate(() => {
    document.querySelector('ordersnap-buy').setAttribute('text-add', 'In den Korb');
    document.querySelector('ordersnap-cart').texts = { cartTitle: 'Ihr Korb' };
    ordersnap.configure({ locale: 'de-DE', texts: { cartEmpty: 'Noch leer.' } });
  });
  await page.locator('ordersnap-buy').getByText('In den Korb').waitFor();
  await page.getByText('Ihr Korb').waitFor();
  await page.getByText('Noch leer.').first().waitFor();
  await page.getByText('1,00\u00a0$').waitFor();
});

test('a page whose style sheet touches everything leaves the elements usable', async context => {
  const page = await context.newPage();
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(`${site.url}/foreign/evil.html`);
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { white-space: nowrap; letter-spacing: 1em; text-transform: uppercase; text-align: right;
      text-indent: -99em; line-height: 0 }
      button, input, ul, li, form, dl, p { display: none !important; width: 3000px; pointer-events: none }`);
    document.adoptedStyleSheets = [sheet];
  });
  await add(page, EVIL).click();
  await page.locator('ordersnap-cart').getByText('$1.00').first().waitFor();
  await fits(page, 'a foreign style');
  for (const { x, width, height } of await boxes(page.locator('ordersnap-buy button, ordersnap-cart button:visible'))) {
    ok(x >= 0 && x + width <= 360 && height >= 40, `a button at ${x}, ${width} by ${height}`);
  }
  const style = await page
    .locator('ordersnap-cart button')
    .first()
    .evaluate(e => {
      const { whiteSpace, letterSpacing, textTransform, textIndent } = getComputedStyle(e);
      return [whiteSpace, letterSpacing, textTransform, textIndent];
    });
  equal(style, ['normal', 'normal', 'none', '0px']);
  await goToStripe(page);
});

test('where the way to Stripe’s page was stopped, the cart can be paid again after a while, by the same session', async context => {
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(shopUrl);
  const sessions = [];
  await page.route('**/checkout/create-session', async route => {
    const response = await route.fetch();
    const value = await response.json();
    sessions.push(value.sessionId);
    const checkoutUrl = sessions.length > 1 ? value.checkoutUrl : `${site.url}/foreign/stay`;
    await route.fulfill({ response, json: { ...value, checkoutUrl } });
  });
  let stopped;
  await page.route('**/foreign/stay', route => {
    stopped = true;
    return route.fulfill({ status: 204 });
  });
  await fillCart(page);
  await pay(page).click();
  await eventually(() => stopped, 'the way there');
  await page.getByRole('button', { name: 'One moment…' }).waitFor();
  await page.clock.runFor(25000);
  await goToStripe(page);
  equal(sessions, [sessions[0], sessions[0]]);
});

test('a session without an address is said to have failed, and the page stays', async context => {
  const page = await openShop(context);
  await fillCart(page);
  for (const checkoutUrl of [null, 'javascript:alert(1)', '//else']) {
    await page.route('**/checkout/create-session', answer({ sessionId: 'cs_test_none', checkoutUrl }));
    await pay(page).click();
    await page.getByRole('alert').getByText('can’t be reached').waitFor();
    await page.unroute('**/checkout/create-session');
  }
  equal(page.url(), shopUrl);
  await goToStripe(page);
});

// --- people -------------------------------------------------------------------------------------

// The name of what has the focus, in whatever shadow it is.
const focused = page =>
  page.evaluate(() => {
    let e = document.activeElement;
    while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
    return e?.getAttribute('aria-label') ?? e?.textContent.trim() ?? '';
  });

async function tabTo(page, name) {
  for (let i = 0; i < 40; i += 1) {
    if ((await focused(page)).startsWith(name)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not come to ${name}`);
}

test('by the keyboard alone: into the cart, more of it, to Stripe, and the focus is never lost', async context => {
  const page = await openShop(context);
  await page.getByText('$42.00').waitFor();
  await tabTo(page, 'Add Red Necklace');
  await page.keyboard.press('Enter');
  equal((await focused(page)).startsWith('Add Red Necklace'), true);
  equal(await page.locator('ordersnap-buy [role=status]').first().textContent(), 'Red Necklace: 1 in the cart');
  await inCart(page, '$30.00');
  await tabTo(page, 'One Red Necklace more');
  await page.keyboard.press('Space');
  await inCart(page, '$60.00');
  equal(await focused(page), 'One Red Necklace more');
  await eventually(
    async () => (await status(page, '#cart ordersnap-cart')) === '2 in the cart, $60.00',
    'word of the sum',
  );
  await tabTo(page, 'Check out');
  await page.keyboard.press('Enter');
  await page.locator('#pay').waitFor();
});

test('a key that is pressed again, or held, does only what its button says: no other line changes', async context => {
  const page = await openShop(context);
  await fillCart(page);
  await page.getByRole('button', { name: 'One Silver Ring more' }).click();
  await inCart(page, '$110.00');
  const less = page.getByRole('button', { name: 'One Silver Ring less' });
  await less.focus();
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('Enter');
  equal(await focused(page), 'One Silver Ring less');
  equal(await page.evaluate(() => ordersnap.cart.read()), { 'N-RED': 2, 'R-SIL': 1 });
  await inCart(page, '$85.00');
  await eventually(() => pay(page).isEnabled(), 'the button');
  let release;
  const held = new Promise(done => (release = done));
  await page.route('**/checkout/create-session', async route => {
    await held;
    await route.continue();
  });
  await pay(page).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'One moment…' }).waitFor();
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('Enter');
  equal(await page.evaluate(() => ordersnap.cart.read()), { 'N-RED': 2, 'R-SIL': 1 });
  release();
  await page.locator('#pay').waitFor();
});

test('Remove pressed twice removes one line, and the focus is at the cart', async context => {
  const page = await openShop(context);
  await fillCart(page);
  await page.getByRole('button', { name: 'Remove Silver Ring' }).focus();
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('Enter');
  equal(await page.evaluate(() => ordersnap.cart.read()), { 'N-RED': 2 });
  equal(await focused(page), 'Your cart');
});

test('orders by the keyboard alone: details open, the parcel is tracked, and more come with the focus on the first', async context => {
  const page = await openOrders(context);
  await page.getByRole('button', { name: 'Show more' }).waitFor();
  await tabTo(page, 'Details: Order BC-ANN01');
  await page.keyboard.press('Enter');
  await page.getByText('5 Shore Road').first().waitFor();
  await page.keyboard.press('Tab');
  equal(await focused(page), 'DHL JD01');
  await tabTo(page, 'Show more');
  await page.keyboard.press('Space');
  await eventually(async () => (await focused(page)) === 'Order BC-ANN06', 'the first of the new ones');
  await page.keyboard.press('Tab');
  equal(await focused(page), 'Details: Order BC-ANN06');
});

test('Try again by the keyboard: the focus stays where it was pressed, also while nothing there can have it', async context => {
  const page = await context.newPage();
  const inside = () => page.evaluate(() => document.activeElement?.localName);
  let ends;
  await page.route('**/checkout/session-status?*', async route => {
    await ends;
    await answer({ error: 'no' }, { status: 404 })(route);
  });
  await page.goto(`${site.url}/foreign/thanks.html?session_id=cs_test_1`);
  const again = page.getByRole('button', { name: 'Try again' });
  await again.focus();
  let end;
  ends = new Promise(done => (end = done));
  await page.keyboard.press('Enter');
  await page.locator('.spinner').waitFor();
  equal(await inside(), 'ordersnap-thanks');
  end();
  await again.waitFor();
  equal(await inside(), 'ordersnap-thanks');
  await page.keyboard.press('Tab');
  equal(await focused(page), 'Try again');
  expect(context, '404');
});

test('removing the last line leaves the focus in the cart and says that it is empty', async context => {
  const page = await openShop(context);
  await add(page, 'Silver Ring').click();
  await page.getByRole('button', { name: 'Remove Silver Ring' }).press('Enter');
  await page.getByRole('link', { name: 'Cart, 0 in the cart' }).waitFor();
  equal(
    await page.evaluate(() => document.querySelector('#cart ordersnap-cart').shadowRoot.activeElement?.textContent),
    'Your cart',
  );
});

test('what was removed is said, then the sum of what is left', async context => {
  const page = await openShop(context);
  await fillCart(page);
  let release;
  await page.route('**/cart/quote', async route => {
    await new Promise(done => {
      release = done;
    });
    await route.continue();
  });
  await page.getByRole('button', { name: 'Remove Silver Ring' }).click();
  await eventually(async () => (await status(page, '#cart ordersnap-cart')) === 'Silver Ring removed', 'word of it');
  await eventually(() => release, 'the request');
  release();
  await eventually(async () => (await status(page, '#cart ordersnap-cart')) === '2 in the cart, $60.00', 'the sum');
});

// The page's quotes wait from now on, until what is answered here is called.
async function holdQuotes(page) {
  let release;
  await page.route('**/cart/quote', async route => {
    await new Promise(done => {
      release = done;
    });
    await route.continue();
  });
  return async sum => {
    await eventually(() => release, 'the request');
    release();
    release = null;
    await page.locator('ordersnap-cart').getByText(sum, { exact: true }).first().waitFor();
  };
}

test('a press counts, whatever is answered before it ends', async context => {
  const page = await openShop(context);
  await fillCart(page);
  const answered = await holdQuotes(page);
  const more = page.getByRole('button', { name: 'One Red Necklace more' });
  await more.click();
  await more.hover();
  await page.mouse.down();
  await answered('$115.00');
  await page.mouse.up();
  await answered('$145.00');
  await more.focus();
  await page.keyboard.down('Space');
  await page.keyboard.up('Space');
  await page.keyboard.down('Space');
  await answered('$175.00');
  await page.keyboard.up('Space');
  await answered('$205.00');
});

test('what is being typed stays, whatever is answered meanwhile', async context => {
  const page = await context.newPage();
  await page.goto(`${site.url}/foreign/evil.html`);
  await add(page, EVIL).click();
  await page.locator('ordersnap-cart').getByText('$1.00').first().waitFor();
  const answered = await holdQuotes(page);
  await page.getByRole('button', { name: `One ${EVIL} more` }).click();
  const quantity = page.getByLabel(`Quantity of ${EVIL}`);
  await quantity.fill('1');
  await page.keyboard.type('2');
  await answered('$2.00');
  await page.keyboard.type('0');
  await page.keyboard.press('Tab');
  await page.getByLabel(/^E-mail/).fill('an@shop.example');
  for (const key of ['Home', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
  await answered('$99.00');
  equal(await quantity.inputValue(), '99', 'no more than may be');
  await page.keyboard.type('n');
  equal(await page.getByLabel(/^E-mail/).inputValue(), 'ann@shop.example');
});

test('the quantity shown is the one that is kept, also where more was typed twice', async context => {
  const page = await context.newPage();
  await page.goto(`${site.url}/foreign/evil.html`);
  await page.evaluate(() => document.querySelector('ordersnap-cart').setAttribute('most', '5000'));
  await add(page, EVIL).click();
  const quantity = page.getByLabel(`Quantity of ${EVIL}`);
  for (const more of ['5000', '4000']) {
    await quantity.fill(more);
    await page.keyboard.press('Tab');
    equal(await quantity.inputValue(), '999', more);
  }
});

test('a quantity that is none, or that the browser can’t read, leaves it as it was', async context => {
  const page = await openShop(context);
  await page.evaluate(() => ordersnap.cart.set('N-RED', 7));
  await inCart(page, '$210.00');
  const quantity = page.getByLabel('Quantity of Red Necklace');
  await eventually(() => pay(page).isEnabled(), 'the button');
  const asked = [];
  page.on('request', request => asked.push(new URL(request.url()).pathname));
  for (const [typed, key] of [
    ['', 'Tab'],
    ['-', 'Tab'],
    ['e', 'Enter'],
  ]) {
    await quantity.fill('');
    await page.keyboard.type(typed);
    await page.keyboard.press(key);
    equal(await quantity.inputValue(), '7', `"${typed}"`);
    equal(await page.evaluate(() => ordersnap.cart.read()), { 'N-RED': 7 });
  }
  await eventually(() => pay(page).isEnabled(), 'the button');
  equal([...new Set(asked)], ['/cart/quote']); // nobody goes to Stripe's page by that Enter
});

test('axe-core finds nothing on any page, light and dark, and nothing is wider than the screen', async context => {
  const page = await openShop(context);
  await fillCart(page);
  await accessible(page, 'shop');
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 740 });
    await fits(page, `shop at ${width}`);
  }
  await page.goto(`${shopUrl}thanks.html?session_id=cs_test_ann05`);
  await page.getByText('BC-ANN05', { exact: true }).waitFor();
  await accessible(page, 'thanks');
  await page.goto(`${shopUrl}orders.html`);
  await accessible(page, 'login');
  await logIn(page, 'ann');
  await page.locator('summary').first().click();
  await page.locator('summary').nth(3).click();
  await accessible(page, 'orders');
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 740 });
    await fits(page, `orders at ${width}`);
  }
  await page.route('**/orders?*', route => route.abort());
  await page.reload();
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await accessible(page, 'orders that fail');
  expect(context, 'ERR_FAILED');
});

test('in a page from right to left what is from left to right reads as it is: an address, a name, a refund', async context => {
  const page = await openOrders(context);
  await page.setViewportSize({ width: 320, height: 740 });
  await page.getByText(EVIL).first().waitFor();
  await page.evaluate(() => {
    document.documentElement.dir = 'rtl';
  });
  for (const n of [0, 3]) await page.locator('summary').nth(n).click();
  await fits(page, 'orders from right to left');
  const sides = await page.locator('ordersnap-orders').evaluate((e, evil) => {
    const side = (text, [first, last]) => {
      const walker = document.createTreeWalker(e.shadowRoot, NodeFilter.SHOW_TEXT);
      let node;
      while ((node = walker.nextNode()) && node.data !== text);
      const [a, b] = [first, last].map(at => {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        return range.getBoundingClientRect().left;
      });
      return a < b ? 'left to right' : `${text} is turned`;
    };
    return [side('5 Shore Road', [0, 3]), side('-$25.00', [0, 2]), side('-$10.00', [0, 2]), side(evil, [0, 1])];
  }, EVIL);
  equal(
    sides,
    sides.map(() => 'left to right'),
  );
});

test('a price stands at the left of its card, an amount at the right of its line, also where it wraps', async context => {
  const page = await openOrders(context);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByText(EVIL).first().waitFor();
  const sides = await page
    .locator('ordersnap-orders')
    .evaluate(e =>
      [...e.shadowRoot.querySelectorAll('.lines > li > .number')].map(amount =>
        Math.round(amount.parentElement.getBoundingClientRect().right - amount.getBoundingClientRect().right),
      ),
    );
  equal([...new Set(sides)], [0]);
  await page.goto(shopUrl);
  await page.getByText('$42.00').waitFor();
  const lefts = await page.evaluate(() =>
    [...document.querySelectorAll('ordersnap-buy')].map(e =>
      Math.round(
        e.shadowRoot.querySelector('[part=price]').getBoundingClientRect().left - e.getBoundingClientRect().left,
      ),
    ),
  );
  equal([...new Set(lefts)], [0]);
});

test(
  'on a phone the cart is a touch away, wherever the page is',
  async context => {
    const page = await openShop(context);
    await add(page, 'Red Necklace').tap();
    const link = page.getByRole('link', { name: 'Cart, 1 in the cart' });
    await link.waitFor();
    const [box] = await boxes(link);
    ok(box.y + box.height <= 740 && box.height >= 40, `the link is at ${JSON.stringify(box)}`);
    await link.tap();
    await eventually(async () => (await boxes(pay(page)))[0].y < 740, 'the cart in sight');
    for (const { width, height } of await boxes(page.locator('#cart button, nav a'))) {
      ok(width >= 40 && height >= 40, `a target of ${width} by ${height}`);
    }
  },
  PHONE,
);

// --- pictures -----------------------------------------------------------------------------------

for (const colorScheme of ['light', 'dark']) {
  test(
    `pictures of every page, ${colorScheme}`,
    async context => {
      const page = await openShop(context);
      const shot = async (name, more = {}) => {
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: width < 500 ? 740 : 800 });
          await page.waitForTimeout(50);
          await page.screenshot({ path: `${site.shots}/${name}-${width}-${colorScheme}.png`, ...more });
        }
      };
      await fillCart(page);
      await page.evaluate(() => {
        document.activeElement.blur();
        scrollTo(0, 0);
      });
      await page.mouse.move(0, 0);
      await shot('shop');
      const cart = await page.evaluate(() => localStorage.getItem('ordersnap-cart'));
      await page.goto(`${shopUrl}thanks.html?session_id=cs_test_ann05`);
      await page.getByText('BC-ANN05', { exact: true }).waitFor();
      await shot('thanks');
      await page.evaluate(text => localStorage.setItem('ordersnap-cart', text), cart);
      await page.goto(`${shopUrl}orders.html`);
      await shot('login');
      await logIn(page, 'ann');
      await page.locator('summary').first().click();
      await page.getByText('5 Shore Road').first().waitFor();
      await page.evaluate(() => {
        document.activeElement.blur();
        scrollTo(0, 0);
      });
      await shot('orders', { fullPage: true });
      if (colorScheme === 'dark') return; // the README's two are light
      await page.setViewportSize({ width: 1200, height: 720 });
      await page.screenshot({ path: `${site.shots}/readme-orders.png` });
      await page.goto(shopUrl);
      await page.locator('#cart').getByText('$85.00', { exact: true }).first().waitFor();
      await page.screenshot({ path: `${site.shots}/readme-shop.png` });
    },
    { colorScheme, reducedMotion: 'reduce' },
  );
}

main();

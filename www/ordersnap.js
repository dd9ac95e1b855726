// SPDX-License-Identifier: ISC
// ordersnap's elements: what a page needs to sell, in one script without a build step.
//
//   <script src="/ordersnap.js" defer></script>
//   <ordersnap-buy sku="N-RED"></ordersnap-buy>      a price and a button
//   <ordersnap-cart></ordersnap-cart>                the cart, up to Stripe's page
//   <ordersnap-thanks></ordersnap-thanks>            what became of the payment
//   <ordersnap-orders></ordersnap-orders>            a customer's own orders
//
// doc/elements.md is the manual.  The one idea: what a page shows is what the programs answered.  No
// price and no name is kept here; the cart is lookup keys and quantities.  Text is set as text, never
// as HTML; styles are a constructed sheet; so a strict Content-Security-Policy stays as it is.

'use strict';

(() => {
  const STORED = 'ordersnap-cart';
  const CHANGED = 'ordersnap-cart-change';
  const REQUEST_MS = 20000;
  const LOOK_BACK_MS = 3000; // a buyer waits for it
  const MOST_BYTES = 8 * 2 ** 20; // of an answer
  const MOST_EMPTY_PAGES = 20; // one after another
  const QUOTE_PAUSE_MS = 200;

  const TEXTS = {
    add: 'Add to cart',
    addName: 'Add {name} to the cart',
    inCart: '{count} in the cart',
    added: '{name}: {count} in the cart',
    notForSale: 'Not available',
    price: 'Price',
    cart: 'Cart',
    cartTitle: 'Your cart',
    cartEmpty: 'Nothing in it yet.',
    cartCount: '{count} in the cart',
    quantity: 'Quantity of {name}',
    more: 'One {name} more',
    less: 'One {name} less',
    remove: 'Remove',
    removeName: 'Remove {name}',
    removed: '{name} removed',
    subtotal: 'Subtotal',
    email: 'E-mail, for the receipt',
    optional: 'optional',
    checkout: 'Check out',
    wait: 'One moment…',
    alreadyOrdered: 'You have already ordered this.',
    gone: 'Some of it is not available any more. Please remove it.',
    unreachable: 'The shop can’t be reached just now. Please try again.',
    busy: 'The shop is busy just now. Please try again in a moment.',
    failed: 'That did not work: {why}',
    again: 'Try again',
    waiting: 'One moment: we are waiting for word of your payment.',
    thanks: 'Thank you!',
    paid: 'Your payment went through.',
    pending: 'Your order is on record. Your payment is still on its way; there is nothing more to do.',
    paymentFailed: 'Your payment did not go through. Nothing was charged.',
    expired: 'This checkout has ended without a payment. Nothing was charged.',
    unknown: 'We have not heard of your payment yet. That can take some minutes; your order is safe.',
    noSession: 'This page is for the way back from a payment.',
    order: 'Order {number}',
    orderUnnamed: 'Order without a number',
    orderNumber: 'Order number',
    orders: 'Your orders',
    loading: 'Loading your orders…',
    noOrders: 'You have not ordered anything yet.',
    login: 'Please log in to see your orders.',
    loginAgain: 'Your login has ended. Please log in again.',
    loadMore: 'Show more',
    loaded: 'Orders shown: {count}',
    unreadable: 'Orders that can’t be shown here: {count}. Please ask the shop.',
    details: 'Details',
    discount: 'Discount',
    shipping: 'Shipping',
    tax: 'Tax',
    total: 'Total',
    charged: 'Charged',
    refunded: 'Refunded',
    refundOn: 'Refund of {date}',
    tracking: 'Track the parcel',
    shipTo: 'Shipped to',
    statusCompleted: 'Paid',
    statusPending: 'Payment on its way',
    statusFailed: 'Payment failed',
    statusRefunded: 'Refunded',
    statusPartiallyRefunded: 'Partly refunded',
  };

  const STYLE = `
    :host {
      --ink: var(--ordersnap-ink, #1f2a2e);
      --soft: var(--ordersnap-soft, #55646a);
      --line: var(--ordersnap-line, #ddd6ca);
      --card: var(--ordersnap-card, #fffefb);
      --accent: var(--ordersnap-accent, #0f5c63);
      --accent-ink: var(--ordersnap-accent-ink, #ffffff);
      --alarm: var(--ordersnap-alarm, #a02b1d);
      --good: var(--ordersnap-good, #1d6b3c);
      --radius: var(--ordersnap-radius, 12px);
      display: block;
      color: var(--ink);
      font: var(--ordersnap-font, inherit);
      line-height: 1.5;
    }
    @supports (color: light-dark(red, red)) {
      :host {
        --ink: var(--ordersnap-ink, light-dark(#1f2a2e, #edf1ef));
        --soft: var(--ordersnap-soft, light-dark(#55646a, #a9b8bb));
        --line: var(--ordersnap-line, light-dark(#ddd6ca, #3a4a50));
        --card: var(--ordersnap-card, light-dark(#fffefb, #1a2428));
        --accent: var(--ordersnap-accent, light-dark(#0f5c63, #7fd0cd));
        --accent-ink: var(--ordersnap-accent-ink, light-dark(#ffffff, #0b1d20));
        --alarm: var(--ordersnap-alarm, light-dark(#a02b1d, #ff9b8c));
        --good: var(--ordersnap-good, light-dark(#1d6b3c, #8ed6a5));
      }
    }
    :host([hidden]), [hidden] { display: none !important; }
    * { box-sizing: border-box; }
    /* A page's own rules reach the element itself; what would be inherited ends here. */
    [part=body] {
      text-transform: none; text-indent: 0; text-align: start; letter-spacing: normal; word-spacing: normal;
      white-space: normal; line-height: 1.5;
    }
    h1, h2, h3, h4, h5, h6, p, ul, dl, dd, address { margin: 0; padding: 0; font-style: normal; }
    h1, h2, h3, h4, h5, h6 { font-size: 1.25em; line-height: 1.25; font-family: var(--ordersnap-title-font, inherit); }
    ul { list-style: none; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .card { padding: 1.25em; border: 1px solid var(--line); border-radius: var(--radius); background: var(--card); }
    .soft { color: var(--soft); }
    .alarm { color: var(--alarm); font-weight: 600; }
    .number { font-variant-numeric: tabular-nums; white-space: nowrap; }
    .number, .name, .big { unicode-bidi: plaintext; } /* its own direction, whatever the page's is */
    .row > .number:last-child { margin-inline-start: auto; }
    .row { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .35em 1em; }
    .stack > * + * { margin-top: 1em; }
    button, .button {
      font: inherit; font-weight: 600; min-height: 2.75em; padding: .4em 1.15em; cursor: pointer;
      border: 1px solid var(--accent); border-radius: 999px; background: transparent; color: var(--accent);
    }
    button:hover:not([aria-disabled=true]), button.primary { background: var(--accent); color: var(--accent-ink); }
    button.primary { width: 100%; }
    button.primary:hover:not([aria-disabled=true]) { filter: brightness(1.1); }
    button.small { min-height: 2.75em; min-width: 2.75em; padding: 0 .6em; }
    button.plain { border-color: transparent; }
    button:hover .count { background: var(--accent-ink); color: var(--accent); }
    button[aria-disabled=true] { opacity: .6; cursor: default; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
    button:focus-visible { border-radius: 999px; }
    input {
      font: inherit; min-height: 2.75em; padding: .35em .7em; border: 1px solid var(--soft);
      border-radius: 8px; background: transparent; color: var(--ink); min-width: 0;
    }
    label { display: block; margin-bottom: .3em; }
    .wide { width: 100%; }
    .lines > li { padding: .8em 0; border-bottom: 1px solid var(--line); }
    .amount { display: flex; align-items: center; gap: .3em; }
    .amount input { width: 3.6em; text-align: center; appearance: textfield; }
    .amount input::-webkit-inner-spin-button { appearance: none; margin: 0; }
    .sums { display: grid; grid-template-columns: 1fr auto; gap: .3em 1em; }
    .sums dd { text-align: right; }
    .sums .total { font-weight: 700; }
    .badge { padding: .1em .75em; border: 1px solid currentColor; border-radius: 999px; font-size: .9em; font-weight: 600; }
    .badge.good { color: var(--good); }
    .badge.bad { color: var(--alarm); }
    .badge.open { color: var(--soft); }
    .name { font-weight: 600; overflow-wrap: anywhere; }
    .summary { display: inline-flex; align-items: center; gap: .6em; min-height: 2.75em; color: inherit; font-weight: 600; text-decoration: none; }
    .count { display: inline-block; min-width: 1.6em; padding: 0 .45em; margin-left: .15em; border-radius: 999px;
      background: var(--accent); color: var(--accent-ink); text-align: center; }
    .parts { display: grid; gap: 1.2em; margin-top: 1em; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15em), 1fr)); }
    summary { min-height: 2.2em; padding: .3em 0; color: var(--accent); font-weight: 600; cursor: pointer; width: fit-content; }
    a { color: var(--accent); }
    .big { font-size: 1.35em; font-weight: 700; overflow-wrap: anywhere; }
    .spinner { width: 1.6em; height: 1.6em; border: 3px solid var(--line); border-top-color: var(--accent); border-radius: 50%; }
    @media (prefers-reduced-motion: no-preference) {
      .spinner { animation: turn 1s linear infinite; }
      @keyframes turn { to { transform: rotate(1turn); } }
    }
  `;

  let sheet = null;

  // ---- settings of the page: ordersnap.configure({base, token, locale, texts})

  const settings = { base: '', token: null, locale: null, texts: {} };

  function configure(more = {}) {
    const { base, token } = settings;
    Object.assign(settings, more, { texts: { ...settings.texts, ...more.texts } });
    const other = settings.base !== base;
    if (other) known.clear();
    for (const element of live) {
      if (other || (settings.token !== token && element instanceof Orders)) element.begin();
      else element.refresh();
    }
  }

  // The page's own script, deferred like this one, may have called configure() by then.
  const configured =
    document.readyState === 'complete'
      ? Promise.resolve()
      : new Promise(done => {
          addEventListener('DOMContentLoaded', done, { once: true });
          addEventListener('load', done, { once: true });
        });

  const live = new Set(); // the elements that are on the page

  // ---- what the programs answer

  class Refusal extends Error {
    constructor(status, text, code = '') {
      super(text);
      this.status = status; // 0: there was no answer
      this.code = code; // which of a status's meanings, where it has two
    }
  }

  async function tokenOf(element, anew) {
    const token = element.token ?? settings.token;
    return typeof token === 'function' ? token({ anew }) : token;
  }

  // ---- the shape of an answer.  A field of another kind than doc/openapi.json says is no answer: then
  // the shop can't be reached.  What is missing is undefined, and what is not named here stays as it is.
  // An order is more lenient, because one that is odd must not hide the others: where it may lack a field,
  // it lacks one of another kind; where it needs it, that order alone is UNREADABLE.

  const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value);

  const kind = isOne => value => {
    if (value === null || value === undefined) return undefined;
    if (!isOne(value)) throw new Refusal(0, '');
    return value;
  };
  const text = kind(value => typeof value === 'string');
  const whole = kind(value => Number.isSafeInteger(value));
  const list = one => value => kind(Array.isArray)(value)?.map(element => needed(one)(element));
  const needed = one => value => one(value) ?? kind(() => false)(String(value));
  const record = fields => value =>
    kind(isObject)(value) && {
      ...value,
      ...Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, one(value[name])])),
    };

  const UNREADABLE = Symbol('unreadable');
  const orElse = (other, one) => value => {
    try {
      return one(value);
    } catch {
      return other;
    }
  };
  const optional = one => orElse(undefined, one);
  const optionals = fields => Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, optional(one)]));
  const readable = one => value =>
    list(orElse(UNREADABLE, needed(one)))(value)?.filter(element => element !== UNREADABLE);

  const LINE = {
    sku: text,
    name: text,
    quantity: whole,
    unitPrice: whole,
    amountSubtotal: whole,
    amountTotal: whole,
    currency: text,
  };
  const lines = list(record(LINE));
  const QUOTE = record({
    quoteSignature: needed(text),
    expiresAt: needed(whole),
    items: needed(lines),
    pricingSummary: needed(record({ subtotal: needed(whole), currency: needed(text) })),
  });
  const SESSION = record({ sessionId: needed(text), checkoutUrl: text });
  const SESSION_STATUS = record({ status: text, orderNumber: text, amount: whole, currency: text, items: lines });

  const label = kind(value => ['string', 'number'].includes(typeof value));
  const ADDRESS = Object.fromEntries(
    ['name', 'line1', 'line2', 'postalCode', 'city', 'state', 'country'].map(name => [name, text]),
  );
  const PARCEL = record(optionals({ carrier: label, number: label, url: text }));
  const ORDER = record({
    orderId: needed(text),
    ...optionals({
      orderNumber: text,
      status: text,
      createdAt: text,
      currency: text,
      amount: whole,
      amountSubtotal: whole,
      amountDiscount: whole,
      amountShipping: whole,
      amountTax: whole,
      amountCaptured: whole,
      amountRefunded: whole,
      items: readable(record(optionals(LINE))),
      shippingAddress: record(optionals(ADDRESS)),
      refunds: readable(record(optionals({ status: text, createdAt: text, amount: whole, currency: text }))),
      tracking: value => (Array.isArray(value) ? readable(PARCEL)(value) : PARCEL(value)),
    }),
  });
  const ORDERS = record({ nextCursor: text, orders: needed(list(orElse(UNREADABLE, needed(ORDER)))) });

  // An answer's JSON, or null: what is none, breaks off, lasts too long or is too long.
  async function readJson(response) {
    const parts = [];
    let size = 0;
    try {
      for (const reader = response.body.getReader(); ;) {
        const { done, value } = await reader.read();
        if (done) return JSON.parse(await new Blob(parts).text());
        parts.push(value);
        size += value.length;
        if (size > MOST_BYTES) return reader.cancel().then(() => null);
      }
    } catch {
      return null;
    }
  }

  // One request; what it answered, in that shape, or a Refusal.
  async function request(path, shape, { body, token, ms = REQUEST_MS } = {}) {
    await configured;
    const headers = { Accept: 'application/json' };
    if (body) headers['Content-Type'] = 'application/json';
    if (token) headers.Authorization = `Bearer ${token}`;
    let response;
    try {
      response = await fetch(settings.base + path, {
        method: body ? 'POST' : 'GET',
        headers,
        body: body ? JSON.stringify(body) : undefined,
        credentials: 'same-origin',
        cache: 'no-cache', // else the way back through the history shows what was answered before
        signal: AbortSignal.timeout(ms),
      });
    } catch {
      throw new Refusal(0, '');
    }
    const answer = await readJson(response);
    if (response.ok) return needed(shape)(answer);
    const said = value => (typeof value === 'string' ? value.slice(0, 300) : '');
    throw new Refusal(response.status, said(answer?.error), said(answer?.code));
  }

  // The same as who is logged in; a token that is not valid any more is asked for anew, once.
  async function requestAs(element, path, shape, options = {}) {
    await configured;
    const token = await tokenOf(element, false);
    try {
      return await request(path, shape, { ...options, token });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      const other = await tokenOf(element, true);
      if (!other || other === token) throw error;
      return request(path, shape, { ...options, token: other });
    }
  }

  function quoteOf(lines) {
    return request('/cart/quote', QUOTE, { body: { items: lines.map(([sku, quantity]) => ({ sku, quantity })) } });
  }

  // ---- names and prices, by one quote for all that a page asks at once

  const known = new Map(); // sku to {name, price, currency}, or null: not for sale
  const wanted = new Map(); // sku to the promises that wait for it
  let asking = false;

  function learn(quote) {
    for (const item of quote.items) {
      known.set(item.sku, {
        name: item.name ?? item.sku,
        price: item.unitPrice,
        currency: item.currency ?? quote.pricingSummary.currency,
      });
    }
  }

  const LINES = 100; // of a quote, at most

  // One that can't be sold has the whole quote refused: then each half is asked for.
  async function askAll(skus) {
    if (skus.length > LINES) {
      await askAll(skus.slice(0, LINES));
      return askAll(skus.slice(LINES));
    }
    try {
      learn(await quoteOf(skus.map(sku => [sku, 1])));
      failures = 0;
    } catch (error) {
      if (error.status !== 400 || skus.length === 0) throw error;
      if (skus.length === 1) return known.set(skus[0], null);
      const half = Math.ceil(skus.length / 2);
      await askAll(skus.slice(0, half));
      await askAll(skus.slice(half));
    }
  }

  // The shop was away or busy: again, after a while that grows, and all of them at once.
  const later = new Set(); // elements
  let failures = 0;

  function askLater(element) {
    later.add(element);
    if (later.size > 1) return;
    failures += 1;
    setTimeout(
      () => {
        const waiting = [...later];
        later.clear();
        for (const one of waiting) one.begin();
      },
      Math.min(60000, 2000 * 2 ** (failures - 1)),
    );
  }

  function product(sku) {
    if (known.has(sku)) return Promise.resolve(known.get(sku));
    if (!sku) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      wanted.set(sku, [...(wanted.get(sku) ?? []), { resolve, reject }]);
      if (asking) return;
      asking = true;
      queueMicrotask(async () => {
        await configured;
        asking = false;
        const waiting = new Map(wanted);
        wanted.clear();
        try {
          await askAll([...waiting.keys()]);
          for (const [key, promises] of waiting) for (const p of promises) p.resolve(known.get(key) ?? null);
        } catch (error) {
          for (const promises of waiting.values()) for (const p of promises) p.reject(error);
        }
      });
    });
  }

  // ---- the cart: sku to quantity, in this browser; other tabs hear of it

  const MOST = 999;

  function readCart() {
    if (isFull) return new Map(memory);
    try {
      const entries = Object.entries(JSON.parse(localStorage.getItem(STORED)) ?? {});
      return new Map(entries.filter(([, n]) => Number.isInteger(n) && n > 0 && n <= MOST));
    } catch {
      return new Map(memory); // no storage, or not ours
    }
  }

  let memory = [];
  let isFull = false; // what was written last is in memory alone

  function writeCart(cart) {
    memory = [...cart];
    try {
      localStorage.setItem(STORED, JSON.stringify(Object.fromEntries(cart)));
      isFull = false;
    } catch {
      isFull = true; // then it lasts as long as the page
    }
    dispatchEvent(new CustomEvent(CHANGED, { detail: Object.fromEntries(cart) }));
  }

  function setQuantity(sku, quantity) {
    const cart = readCart();
    if (quantity < 1) cart.delete(sku);
    else cart.set(sku, Math.min(MOST, quantity));
    writeCart(cart);
    return cart.get(sku) ?? 0;
  }

  function countOf(cart) {
    return [...cart.values()].reduce((sum, n) => sum + n, 0);
  }

  // ---- the sessions that were begun last: what is ordered leaves the cart, once, and nothing else does

  const BEGUN = 'ordersnap-session';
  const MOST_BEGUN = 4; // each tab may have gone to Stripe's page

  // The newest first: {session, quote, lines, done}.
  function readBegun() {
    try {
      return [JSON.parse(localStorage.getItem(BEGUN))].flat().filter(one => typeof one?.session === 'string');
    } catch {
      return [];
    }
  }

  function keepBegun(begun) {
    const others = readBegun().filter(one => one.session !== begun.session);
    try {
      localStorage.removeItem(BEGUN); // where nothing more can be kept, no other session stands for this one
      localStorage.setItem(BEGUN, JSON.stringify([begun, ...others].slice(0, MOST_BEGUN)));
    } catch {
      // then the server's answer alone tells what is ordered
    }
  }

  function takeOut(lines) {
    const cart = readCart();
    for (const [sku, quantity] of lines) {
      if (cart.get(sku) > quantity) cart.set(sku, cart.get(sku) - quantity);
      else cart.delete(sku);
    }
    writeCart(cart);
  }

  const linesOf = quote => quote.items.map(({ sku, quantity }) => [sku, quantity]);
  const isOrdered = answer => Boolean(answer?.orderNumber) && answer.status !== 'failed';

  const statusOf = (session, options) =>
    request(`/checkout/session-status?session_id=${encodeURIComponent(session)}`, SESSION_STATUS, options);

  // The answer is about this session.  One that this browser did not begin has the whole cart.
  function conclude(session, answer) {
    const all = readBegun();
    const begun = all.find(one => one.session === session);
    const ordered = isOrdered(answer);
    if (begun ? begun.done : all.length || !ordered) return;
    if (ordered || ['failed', 'expired'].includes(answer?.status)) keepBegun({ ...begun, session, done: true });
    if (ordered) takeOut(Array.isArray(begun?.lines) ? begun.lines : [...readCart()]);
  }

  // What became of the sessions that were begun, while that is not known: one that is ordered, else one whose
  // payment failed, else null.
  async function lookBack() {
    const answers = await Promise.all(
      readBegun()
        .filter(({ done }) => !done)
        .map(async ({ session }) => {
          try {
            const answer = await statusOf(session, { ms: LOOK_BACK_MS });
            conclude(session, answer);
            return answer;
          } catch {
            return null; // whoever is to answer for the payment says so at the next request
          }
        }),
    );
    return answers.find(isOrdered) ?? answers.find(answer => answer?.status === 'failed') ?? null;
  }

  addEventListener('storage', event => {
    if (event.key === STORED || event.key === null) dispatchEvent(new CustomEvent(CHANGED));
  });

  // ---- money, dates: Stripe's minor units (https://docs.stripe.com/currencies), the reader's locale

  const NO_DECIMALS = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
  const THREE_DECIMALS = new Set('BHD JOD KWD OMR TND'.split(' '));
  const WHOLE = new Set('ISK UGX'.split(' ')); // two decimals, which are always 00

  function money(amount, currency) {
    if (!Number.isFinite(amount) || typeof currency !== 'string') return '';
    const code = currency.toUpperCase();
    const decimals = NO_DECIMALS.has(code) ? 0 : THREE_DECIMALS.has(code) ? 3 : 2;
    // as many as Stripe charges: a browser shows none of, say, the forint's
    const shown = WHOLE.has(code) && amount % 100 === 0 ? 0 : decimals;
    try {
      return new Intl.NumberFormat(settings.locale ?? undefined, {
        style: 'currency',
        currency: code,
        minimumFractionDigits: shown,
        maximumFractionDigits: shown,
      }).format(amount / 10 ** decimals);
    } catch {
      return `${(amount / 10 ** decimals).toFixed(decimals)} ${code}`; // no currency that a browser knows
    }
  }

  const CODE_LAST = new Set('AU BD CA GB ID IE IN LV NZ PK SG TH TW US ZA'.split(' ')); // of an address's place

  function day(text) {
    const date = new Date(text ?? NaN);
    if (Number.isNaN(date.getTime())) return '';
    try {
      return new Intl.DateTimeFormat(settings.locale ?? undefined, { dateStyle: 'long' }).format(date);
    } catch {
      return date.toISOString().slice(0, 10); // no locale that a browser knows
    }
  }

  // ---- making elements: properties and text, never HTML

  function make(tag, { attributes = {}, ...properties } = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children.filter(child => child !== null && child !== undefined && child !== ''));
    return made;
  }

  const HANDLERS = ['onclick', 'onchange', 'oninput', 'onsubmit'];
  const alike = (a, b) => a.nodeName === b.nodeName && a.dataset?.key === b.dataset?.key;

  // Makes an element what another one is, and leaves it where it stands: a press that has begun ends on the
  // same button, a field keeps what is being typed, and what a customer opened stays open.
  function become(old, made) {
    if (made.nodeType === Node.TEXT_NODE) {
      if (old.data !== made.data) old.data = made.data;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (!made.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
    }
    for (const { name, value } of made.attributes) {
      if (old.getAttribute(name) === value) continue;
      old.setAttribute(name, value);
      if (name === 'value') old.value = value;
    }
    for (const name of HANDLERS) old[name] = made[name];
    hold(old, [...made.childNodes]);
  }

  // Gives an element these children; those that it has already stay.
  function hold(parent, children) {
    let old = parent.firstChild;
    for (const child of children) {
      let same = old;
      while (same && !alike(same, child)) same = same.nextSibling;
      if (!same) {
        parent.insertBefore(child, old);
        continue;
      }
      while (old !== same) old = drop(old);
      become(same, child);
      old = same.nextSibling;
    }
    while (old) old = drop(old);
  }

  // Takes a child out, and gives the one behind it.
  function drop(child) {
    const next = child.nextSibling;
    child.remove();
    return next;
  }

  // One that does nothing just now keeps the focus: the next press of a key must not be another button's.
  function button(text, onclick, { label, key, idle = false, ...properties } = {}) {
    const made = make('button', { type: 'button', textContent: text, onclick: idle ? null : onclick, ...properties });
    if (idle) made.setAttribute('aria-disabled', 'true');
    if (label) made.setAttribute('aria-label', label);
    made.dataset.key = key ?? label ?? text;
    return made;
  }

  class Ordersnap extends HTMLElement {
    constructor() {
      super();
      const root = this.attachShadow({ mode: 'open' });
      if (!sheet) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLE);
      }
      root.adoptedStyleSheets = [sheet];
      this.body = make('div', { attributes: { part: 'body' } });
      this.status = make('p', { className: 'unseen', attributes: { role: 'status' } });
      root.append(this.body, this.status);
    }

    connectedCallback() {
      // a property that was set before this script had run
      for (const name of ['token', 'texts']) {
        if (Object.hasOwn(this, name)) {
          const value = this[name];
          delete this[name];
          this[name] = value;
        }
      }
      live.add(this);
      this.listener = () => this.refresh();
      addEventListener(CHANGED, this.listener);
      addEventListener('pageshow', this.listener); // back from Stripe's page, perhaps as it was left
      this.refresh();
    }

    disconnectedCallback() {
      live.delete(this);
      removeEventListener(CHANGED, this.listener);
      removeEventListener('pageshow', this.listener);
    }

    refresh() {
      if (this.isConnected) this.render();
    }

    // Asks again for whatever it shows.
    begin() {
      this.begun = this.state = null;
      this.refresh();
    }

    // An attribute text-..., the property texts, those of configure(), or ours.
    text(key, values = {}) {
      const attribute = `text-${key.replace(/[A-Z]/g, c => `-${c.toLowerCase()}`)}`;
      const text = this.getAttribute(attribute) ?? this.texts?.[key] ?? settings.texts[key] ?? TEXTS[key];
      return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
    }

    why(error) {
      if (!(error instanceof Refusal) || error.status === 0) return this.text('unreachable');
      if (error.status === 503 || error.status === 429 || error.status === 502 || error.status === 504)
        return this.text('busy');
      return this.text('failed', { why: error.message || error.status });
    }

    // h2, or as deep as the page's own headings need it: heading="3".
    heading() {
      return `h${/^[1-6]$/.test(this.getAttribute('heading')) ? this.getAttribute('heading') : 2}`;
    }

    // What a screen reader is told, and only when it is something new.
    say(text) {
      if (this.status.textContent !== text) this.status.textContent = text;
    }

    // Shows these; whatever had the focus keeps it, or what stands in its place has it.
    show(...children) {
      const had = this.shadowRoot.activeElement;
      const focused = had?.dataset.key;
      hold(this.body, children.filter(Boolean));
      if (focused === undefined || this.shadowRoot.activeElement === had) return;
      const same = [...this.body.querySelectorAll('[data-key]')].find(e => e.dataset.key === focused);
      const other = same ?? this.body.querySelector('[tabindex]') ?? this.body.querySelector('button, input, a[href]');
      if (!other) this.body.tabIndex = -1;
      (other ?? this.body).focus();
    }

    event(name, detail) {
      this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
    }
  }

  // ---- <ordersnap-buy sku="…" [name="…"] [quantity="1"]>

  class Buy extends Ordersnap {
    static observedAttributes = ['sku', 'name'];

    attributeChangedCallback() {
      this.refresh();
    }

    render() {
      const sku = this.getAttribute('sku') ?? '';
      if (!known.has(sku) && this.asked !== sku) {
        this.asked = sku;
        product(sku).then(
          () => this.refresh(),
          () => askLater(this),
        );
      }
      const item = known.get(sku);
      const name = this.getAttribute('name') ?? item?.name ?? sku;
      const count = readCart().get(sku) ?? 0;
      const add = button(this.text('add'), () => this.add(sku, name), {
        label: this.text('addName', { name }),
        key: 'add',
        attributes: { part: 'button' },
      });
      if (count) {
        add.setAttribute('aria-label', `${this.text('addName', { name })} (${this.text('inCart', { count })})`);
        add.append(' ', make('span', { className: 'count number', textContent: count, attributes: { part: 'count' } }));
      }
      this.show(
        make(
          'div',
          { className: 'row' },
          item
            ? make(
                'span',
                { className: 'name number', attributes: { part: 'price' } },
                make('span', { className: 'unseen', textContent: `${this.text('price')}: ` }),
                money(item.price, item.currency),
              )
            : make('span', { className: 'soft', textContent: item === null ? this.text('notForSale') : '\u2007' }),
          item === null ? null : add,
        ),
      );
    }

    begin() {
      this.asked = null;
      this.refresh();
    }

    add(sku, name) {
      const wanted = Math.max(1, Math.trunc(Number(this.getAttribute('quantity'))) || 1);
      const count = setQuantity(sku, (readCart().get(sku) ?? 0) + wanted);
      this.say(this.text('added', { name, count }));
      this.event('ordersnap-added', { sku, count });
    }
  }

  // ---- <ordersnap-cart [success-url] [cancel-url] [countries="CA US"] [email]>
  // ---- <ordersnap-cart summary href="#cart">: how much is in it, as a link

  class Cart extends Ordersnap {
    connectedCallback() {
      super.connectedCallback();
      this.shown = event => {
        if (!event.persisted) return;
        this.wake();
        this.comeBack();
      };
      addEventListener('pageshow', this.shown);
      this.comeBack();
    }

    disconnectedCallback() {
      super.disconnectedCallback();
      removeEventListener('pageshow', this.shown);
    }

    // The page is shown again as it was left.  What it had asked for by then some browsers break off (WebKit
    // does), and what did not work then may work now.
    wake() {
      this.order = null;
      this.problem = '';
      if (!this.quote && readCart().size) this.begin();
      else this.refresh();
    }

    // From Stripe's page, perhaps after a payment that no page of the shop has heard of.
    async comeBack() {
      if (this.hasAttribute('summary') || !readCart().size) return;
      const answer = await lookBack();
      if (isOrdered(answer)) this.showOrdered(answer);
    }

    showOrdered(answer) {
      this.going = false;
      this.note =
        this.text('alreadyOrdered') +
        (answer?.orderNumber ? ` ${this.text('order', { number: answer.orderNumber })}` : '');
      this.renderCart(readCart());
    }

    render() {
      const cart = readCart();
      if (this.hasAttribute('summary')) return this.renderSummary(cart);
      const state = JSON.stringify([...cart]);
      this.going = false;
      if (state !== this.state) {
        this.state = state;
        this.quote = null;
        this.problem = '';
        this.note = '';
        this.gone = new Set();
        this.askSoon();
      }
      this.renderCart(cart);
    }

    renderSummary(cart) {
      const count = countOf(cart);
      const label = `${this.text('cart')}, ${this.text('cartCount', { count })}`;
      this.show(
        make(
          'a',
          {
            className: 'summary',
            href: this.getAttribute('href') ?? '#',
            attributes: { 'aria-label': label, 'data-key': 'summary' },
          },
          this.text('cart'),
          make('span', { className: 'count number', textContent: count, attributes: { part: 'count' } }),
        ),
      );
    }

    // The newest answer counts, in whatever order they come.
    askSoon() {
      const number = (this.asked = (this.asked ?? 0) + 1);
      clearTimeout(this.timer);
      if (this.state === '[]') return;
      this.timer = setTimeout(
        async () => {
          try {
            const answer = await this.ask();
            if (number === this.asked) this.take(answer);
          } catch (error) {
            if (number === this.asked) this.problem = this.why(error);
          }
          if (number === this.asked) this.renderCart(readCart());
        },
        this.timer ? QUOTE_PAUSE_MS : 0,
      );
    }

    // A quote of the cart, or what of it is not for sale any more.
    async ask() {
      const lines = [...readCart()];
      const gone = new Set();
      try {
        const quote = await quoteOf(lines);
        learn(quote);
        return { quote, gone };
      } catch (error) {
        if (error.status !== 400) throw error;
        await askAll(lines.map(([sku]) => sku)); // until there is an answer the page keeps what it shows
        for (const element of live) if (element instanceof Buy) element.refresh();
        for (const [sku] of lines) if (known.get(sku) === null) gone.add(sku);
        if (!gone.size) throw error;
        return { quote: null, gone };
      }
    }

    take({ quote, gone }) {
      this.quote = quote;
      this.gone = gone;
      if (gone.size) this.problem = this.text('gone');
    }

    renderCart(cart) {
      const sum = this.quote?.pricingSummary;
      const count = countOf(cart);
      const title = make(this.heading(), {
        textContent: this.text('cartTitle'),
        tabIndex: -1,
        attributes: { part: 'title', 'data-key': 'title' },
      });
      if (count === 0) {
        this.say(this.note || (this.hadLines || this.status.textContent ? this.text('cartEmpty') : ''));
        this.hadLines = false;
        this.show(
          make(
            'div',
            { className: 'card stack', attributes: { part: 'card' } },
            title,
            this.note ? make('p', { textContent: this.note, attributes: { part: 'note' } }) : null,
            make('p', { className: 'soft', textContent: this.text('cartEmpty') }),
          ),
        );
        return;
      }
      this.hadLines = true;
      const says = sum ? `${this.text('cartCount', { count })}, ${money(sum.subtotal, sum.currency)}` : '';
      this.say([this.note, says].filter(Boolean).join(' '));
      this.show(
        make(
          'form',
          {
            className: 'card stack',
            noValidate: true,
            onsubmit: event => this.submit(event),
            attributes: { part: 'card' },
          },
          title,
          this.note ? make('p', { textContent: this.note, attributes: { part: 'note' } }) : null,
          make('ul', { className: 'lines' }, ...[...cart].map(([sku, quantity]) => this.line(sku, quantity))),
          make(
            'dl',
            { className: 'sums' },
            make('dt', { className: 'total', textContent: this.text('subtotal') }),
            make('dd', { className: 'total number', textContent: sum ? money(sum.subtotal, sum.currency) : '…' }),
          ),
          this.hasAttribute('email') ? this.emailField() : null,
          make('button', {
            type: 'submit',
            className: 'primary',
            textContent: this.text(this.going ? 'wait' : 'checkout'),
            attributes: { part: 'button', 'data-key': 'pay', 'aria-disabled': !this.quote || this.going },
          }),
          make('p', {
            className: 'alarm',
            textContent: this.problem,
            hidden: !this.problem,
            attributes: { role: 'alert' },
          }),
          this.problem && !this.quote && !this.gone.size ? button(this.text('again'), () => this.begin()) : null,
        ),
      );
    }

    emailField() {
      const label = make(
        'label',
        { htmlFor: 'email', textContent: `${this.text('email')} ` },
        make('span', { className: 'soft', textContent: `(${this.text('optional')})` }),
      );
      const input = make('input', {
        id: 'email',
        type: 'email',
        autocomplete: 'email',
        className: 'wide',
        oninput: event => {
          this.email = event.target.value;
        },
        attributes: { value: this.email ?? '' },
      });
      input.dataset.key = 'email';
      return make('div', {}, label, input);
    }

    // What so many cost: as quoted, for a price may be of a package (transform_quantity).
    priceOf(sku, quantity) {
      const item = known.get(sku);
      const quoted = this.quote?.items.find(one => one.sku === sku && one.quantity === quantity);
      return item ? money(quoted?.amountSubtotal ?? item.price * quantity, item.currency) : '…';
    }

    line(sku, quantity) {
      const item = known.get(sku);
      const name = item?.name ?? sku;
      const most = Number(this.getAttribute('most')) || 99;
      const set = n => setQuantity(sku, Math.min(most, Math.max(1, Math.trunc(n) || 1)));
      const input = make('input', {
        type: 'number',
        inputMode: 'numeric',
        min: 1,
        max: most,
        onchange: ({ target }) => {
          const isRead = target.value !== ''; // what WebKit makes of digits of full width is '', too
          target.value = set(isRead ? Number(target.value) : quantity);
          if (!isRead) this.begin(); // nor is the cart paid by the Enter that ended it
        },
        attributes: { value: quantity, 'aria-label': this.text('quantity', { name }) },
      });
      input.dataset.key = `quantity ${sku}`;
      return make(
        'li',
        { className: 'stack', attributes: { 'data-key': `line ${sku}` } },
        make(
          'div',
          { className: 'row' },
          make('span', { className: 'name', textContent: name }),
          this.gone.has(sku)
            ? make('span', { className: 'alarm', textContent: this.text('notForSale') })
            : make('span', { className: 'number', textContent: this.priceOf(sku, quantity) }),
        ),
        make(
          'div',
          { className: 'row' },
          make(
            'span',
            { className: 'amount' },
            button('−', () => set(quantity - 1), {
              label: this.text('less', { name }),
              key: `less ${sku}`,
              className: 'small',
              idle: quantity <= 1,
            }),
            input,
            button('+', () => set(quantity + 1), {
              label: this.text('more', { name }),
              key: `more ${sku}`,
              className: 'small',
              idle: quantity >= most,
            }),
          ),
          button(
            this.text('remove'),
            () => {
              setQuantity(sku, 0);
              this.say(this.text('removed', { name }));
            },
            { label: this.text('removeName', { name }), key: `remove ${sku}`, className: 'small plain' },
          ),
        ),
      );
    }

    async submit(event) {
      event.preventDefault();
      if (this.going || !this.quote) return;
      const order = (this.order = { quote: this.quote, state: this.state });
      const isOver = () => this.order !== order || this.state !== order.state;
      this.going = true;
      this.problem = '';
      this.renderCart(readCart());
      this.say(this.text('wait'));
      try {
        const session = await this.createSession(order);
        if (isOver()) return; // the cart is another one by now, or the page was left: nobody goes there
        if (session) return this.leave(session, order);
      } catch (error) {
        if (isOver()) return;
        this.problem = error.status === 401 ? this.text('loginAgain') : this.why(error);
        if (error.status === 401) this.event('ordersnap-login', {});
      }
      this.going = false;
      this.renderCart(readCart());
    }

    // A session that can't be paid any more has no address.
    leave(session, { quote }) {
      if (!/^https?:\/\//.test(session.checkoutUrl)) throw new Refusal(0, '');
      const begun = { session: session.sessionId, quote: quote.quoteSignature, lines: linesOf(quote) };
      this.sent = begun; // where it can't be kept
      keepBegun(begun);
      location.assign(session.checkoutUrl);
      setTimeout(() => this.refresh(), REQUEST_MS); // stopped, or opened elsewhere: it can be paid again
    }

    // A quote that is stale, of a payment that failed, or forgotten is asked for anew, without a word.
    // What is ordered already is not ordered again: null, and the cart says so.
    async createSession(order) {
      const before = await lookBack();
      if (isOrdered(before)) return this.showOrdered(before) ?? null;
      if (before?.status === 'failed' || order.quote.expiresAt * 1000 < Date.now() + 10000) await this.quoteAnew(order);
      try {
        return await this.postSession(order);
      } catch (error) {
        if (![404, 409, 410].includes(error.status)) throw error;
        if (error.code === 'already_ordered' && (await this.sayOrdered(order))) return null;
        await this.quoteAnew(order);
        return this.postSession(order);
      }
    }

    // The quote has an order, perhaps of another tab.  False where its payment failed.
    async sayOrdered({ quote }) {
      const begun = [...readBegun(), this.sent].find(one => one?.quote === quote.quoteSignature);
      const answer = begun ? await statusOf(begun.session) : null;
      if (answer?.status === 'failed') return false;
      const isKept = readBegun().some(({ session }) => session === begun?.session);
      if (answer && isKept && !begun.done) conclude(begun.session, answer);
      else takeOut(linesOf(quote));
      this.showOrdered(answer);
      return true;
    }

    async quoteAnew(order) {
      const answer = await this.ask();
      if (this.state === order.state) this.take(answer);
      if (!answer.quote) throw new Refusal(400, this.text('gone'));
      order.quote = answer.quote;
    }

    postSession({ quote }) {
      const countries = (this.getAttribute('countries') ?? '').split(/[\s,]+/).filter(Boolean);
      const email = this.email?.trim();
      return requestAs(this, '/checkout/create-session', SESSION, {
        body: {
          quoteSignature: quote.quoteSignature,
          ...(email && { customerEmail: email }),
          ...(countries.length && { shippingAddressCollection: { allowed_countries: countries } }),
          ...(this.hasAttribute('success-url') && { successUrl: absolute(this.getAttribute('success-url')) }),
          ...(this.hasAttribute('cancel-url') && { cancelUrl: absolute(this.getAttribute('cancel-url')) }),
        },
      });
    }
  }

  // A page's own address as a whole one; Stripe fills in {CHECKOUT_SESSION_ID}.
  function absolute(address) {
    return new URL(address, document.baseURI).href.replaceAll('%7B', '{').replaceAll('%7D', '}');
  }

  // ---- <ordersnap-thanks [parameter="session_id"]>

  const POLL_MS = [1000, 1000, 2000, 2000, 3000, 3000, 5000, 5000, 8000, 10000, 20000];
  const POLLED_MS = 60000; // also where the requests themselves take long

  class Thanks extends Ordersnap {
    render() {
      if (this.session === undefined) {
        this.session = new URLSearchParams(location.search).get(this.getAttribute('parameter') ?? 'session_id') ?? '';
        if (this.session) this.poll();
      }
      this.renderState();
    }

    disconnectedCallback() {
      super.disconnectedCallback();
      clearTimeout(this.timer);
      this.session = undefined;
    }

    begin() {
      clearTimeout(this.timer);
      this.session = undefined;
      this.refresh();
    }

    // Asks until the order is there and its payment is decided; at last it stops and says so.
    async poll(number = 0, since = performance.now()) {
      const session = this.session;
      let answer = null;
      this.ended = false;
      try {
        answer = await statusOf(session);
      } catch (error) {
        this.ended = error.status >= 400 && error.status < 500 && error.status !== 429;
      }
      if (this.session !== session || !this.isConnected) return;
      this.answer = answer ?? this.answer;
      const decided = !['unknown', 'pending', undefined].includes(this.answer?.status);
      conclude(session, this.answer);
      if (isOrdered(this.answer) && !this.told) {
        this.told = true;
        this.event('ordersnap-order', { ...this.answer });
      }
      this.ended ||= decided || number >= POLL_MS.length || performance.now() - since >= POLLED_MS;
      if (!this.ended) this.timer = setTimeout(() => this.poll(number + 1, since), POLL_MS[number]);
      this.renderState();
    }

    sentence() {
      const status = this.answer?.status;
      if (!this.session) return 'noSession';
      if (status === 'pending') return 'pending';
      if (status === 'failed') return 'paymentFailed';
      if (status === 'expired') return 'expired';
      if (this.answer?.orderNumber) return 'paid';
      return this.ended ? 'unknown' : 'waiting';
    }

    renderState() {
      const sentence = this.sentence();
      const { orderNumber, amount, currency, items, status } = this.answer ?? {};
      const thanked = orderNumber && status !== 'failed';
      this.say(
        (thanked ? `${this.text('thanks')} ` : '') +
          this.text(sentence) +
          (orderNumber ? ` ${this.text('order', { number: orderNumber })}` : ''),
      );
      this.show(
        make(
          'div',
          { className: 'card stack', attributes: { part: 'card', 'aria-busy': String(sentence === 'waiting') } },
          thanked ? make(this.heading(), { textContent: this.text('thanks'), attributes: { part: 'title' } }) : null,
          sentence === 'waiting' ? make('div', { className: 'spinner' }) : null,
          make('p', {
            className: ['paymentFailed', 'expired'].includes(sentence) ? 'alarm' : '',
            textContent: this.text(sentence),
          }),
          orderNumber
            ? make(
                'div',
                {},
                make('p', { className: 'soft', textContent: this.text('orderNumber') }),
                make('p', { className: 'big', textContent: orderNumber, attributes: { part: 'number' } }),
              )
            : null,
          orderNumber && items?.length
            ? make(
                'ul',
                { className: 'lines' },
                ...items.map(item =>
                  make(
                    'li',
                    { className: 'row' },
                    make('span', { className: 'name', textContent: item.name ?? '?' }),
                    make('span', { className: 'number', textContent: `× ${item.quantity ?? 1}` }),
                  ),
                ),
              )
            : null,
          orderNumber && amount !== undefined ? sums([[this.text('total'), money(amount, currency), 'total']]) : null,
          sentence === 'unknown'
            ? button(this.text('again'), () => {
                this.ended = false;
                this.renderState();
                this.poll();
              })
            : null,
        ),
      );
    }
  }

  function sums(rows) {
    return make(
      'dl',
      { className: 'sums' },
      ...rows.flatMap(([name, value, kind = '']) => [
        make('dt', { className: kind, textContent: name }),
        make('dd', { className: `${kind} number`, textContent: value }),
      ]),
    );
  }

  // ---- <ordersnap-orders [limit="10"] [heading="2"] [remote-user]>; the token is its property, or configure()'s

  const STATUS = {
    completed: ['statusCompleted', 'good'],
    pending: ['statusPending', 'open'],
    failed: ['statusFailed', 'bad'],
    refunded: ['statusRefunded', 'open'],
    partially_refunded: ['statusPartiallyRefunded', 'open'],
  };

  class Orders extends Ordersnap {
    #token;

    connectedCallback() {
      super.connectedCallback();
      this.shown = event => event.persisted && this.reload(); // somebody else may be logged in by now, or nobody
      addEventListener('pageshow', this.shown);
    }

    disconnectedCallback() {
      super.disconnectedCallback();
      removeEventListener('pageshow', this.shown);
    }

    get token() {
      return this.#token;
    }

    set token(value) {
      this.#token = value;
      this.reload();
    }

    render() {
      if (!this.begun) this.reload();
      else this.renderList();
    }

    // Begins anew, as at a login, a logout or a purchase.
    reload() {
      if (!this.isConnected) return;
      this.begun = true;
      this.orders = [];
      this.unreadable = 0;
      this.cursor = null;
      this.more();
    }

    async more() {
      const number = (this.asked = (this.asked ?? 0) + 1);
      const known = this.orders.length;
      const from = this.cursor;
      this.state = 'loading';
      this.renderList();
      try {
        await configured;
        if (!this.hasAttribute('remote-user') && !(await tokenOf(this, false))) throw new Refusal(401, '');
        await this.fetchPage(number);
      } catch (error) {
        if (number !== this.asked) return;
        if (error.status === 400 && from) return this.reload(); // the list is that of who was logged in before
        this.state = error.status === 401 ? 'login' : 'error';
        this.error = error;
        if (error.status === 401) this.event('ordersnap-login', {});
      }
      if (number !== this.asked) return;
      this.renderList();
      if (known && this.orders.length > known) this.body.querySelectorAll('[part=order-title]')[known]?.focus();
    }

    // A page may be empty and still lead on.
    async fetchPage(number) {
      const limit = Number(this.getAttribute('limit')) || 10;
      for (let empty = 0; empty < MOST_EMPTY_PAGES; empty += 1) {
        const { cursor } = this;
        const page = await requestAs(
          this,
          `/orders?limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
          ORDERS,
        );
        if (number !== this.asked) return;
        const readable = page.orders.filter(order => order !== UNREADABLE);
        this.unreadable += page.orders.length - readable.length;
        const each = [...this.orders, ...readable].map(order => [order.orderId, order]);
        this.orders = [...new Map(each).values()];
        this.cursor = page.nextCursor || null;
        if (page.orders.length || !this.cursor) break;
      }
      this.state = 'ready';
    }

    renderList() {
      const { state, orders } = this;
      const note = this.unreadable && state !== 'login' ? this.text('unreadable', { count: this.unreadable }) : '';
      const empty = state === 'ready' && !orders.length && !note;
      const sentence =
        {
          loading: this.text('loading'),
          login: this.text(this.error?.message ? 'loginAgain' : 'login'),
          error: this.error ? this.why(this.error) : '',
        }[state] ?? (empty ? this.text('noOrders') : '');
      this.say(
        state === 'error'
          ? ''
          : [sentence || this.text('loaded', { count: orders.length }), note].filter(Boolean).join('. '),
      );
      this.show(
        make(
          'ul',
          {
            className: 'stack',
            hidden: state === 'login' || !orders.length,
            attributes: { 'aria-label': this.text('orders'), part: 'list' },
          },
          ...(state === 'login' ? [] : orders.map(order => this.order(order))),
        ),
        note ? make('p', { className: 'soft', textContent: note, attributes: { part: 'note' } }) : null,
        sentence
          ? make(
              'div',
              { className: 'row', attributes: { part: 'message' } },
              make('p', {
                className: state === 'error' ? 'alarm' : 'soft',
                textContent: sentence,
                attributes: state === 'error' ? { role: 'alert' } : {},
              }),
              state === 'error' ? button(this.text('again'), () => this.more(), { key: 'more' }) : null,
              state === 'loading' ? make('div', { className: 'spinner' }) : null,
            )
          : null,
        state === 'ready' && this.cursor
          ? make(
              'p',
              { className: 'row' },
              button(this.text('loadMore'), () => this.more(), { key: 'more', attributes: { part: 'button' } }),
            )
          : null,
      );
    }

    show(...children) {
      super.show(
        make('div', { className: 'stack', attributes: { 'aria-busy': String(this.state === 'loading') } }, ...children),
      );
    }

    title({ orderNumber }) {
      return orderNumber ? this.text('order', { number: orderNumber }) : this.text('orderUnnamed');
    }

    order(order) {
      const [name, badge] = Object.hasOwn(STATUS, order.status ?? '') ? STATUS[order.status] : ['', 'open'];
      const state = name ? this.text(name) : order.status;
      const items = order.items ?? [];
      const details = make('details', {}, make('summary', { textContent: this.text('details') }), this.details(order));
      details.firstChild.dataset.key = `summary ${order.orderId}`;
      details.firstChild.setAttribute('aria-label', `${this.text('details')}: ${this.title(order)}`);
      return make(
        'li',
        { className: 'card stack', attributes: { part: 'card', 'data-key': `order ${order.orderId}` } },
        make(
          'div',
          { className: 'row' },
          make(this.heading(), { textContent: this.title(order), tabIndex: -1, attributes: { part: 'order-title' } }),
          state ? make('span', { className: `badge ${badge}`, textContent: state }) : null,
        ),
        make(
          'div',
          { className: 'row' },
          make('time', { className: 'soft', dateTime: order.createdAt ?? '', textContent: day(order.createdAt) }),
          make('span', {
            className: 'name number',
            textContent: money(this.charged(order) ?? order.amount, order.currency),
          }),
        ),
        make(
          'ul',
          { className: 'lines' },
          ...items.map(item =>
            make(
              'li',
              { className: 'row' },
              make(
                'span',
                {},
                make('span', { className: 'name', textContent: item.name ?? item.sku ?? '?' }),
                make('span', { className: 'soft number', textContent: ` × ${item.quantity ?? 1}` }),
              ),
              make('span', {
                className: 'number',
                textContent: money(item.amountTotal, item.currency ?? order.currency),
              }),
            ),
          ),
        ),
        details,
      );
    }

    details(order) {
      const amount = value => money(value, order.currency);
      const rows = [
        ['subtotal', order.amountSubtotal],
        ['discount', -order.amountDiscount],
        ['shipping', order.amountShipping],
        ['tax', order.amountTax],
      ]
        .filter(([, value]) => value)
        .map(([key, value]) => [this.text(key), amount(value)]);
      if (order.amount !== undefined) rows.push([this.text('total'), amount(order.amount), 'total']);
      const charged = this.charged(order);
      if (charged !== undefined) rows.push([this.text('charged'), amount(charged), 'total']);
      for (const refund of this.refunds(order)) rows.push(refund);
      return make(
        'div',
        { className: 'parts' },
        sums(rows),
        make('div', { className: 'stack' }, this.address(order.shippingAddress), this.parcels(order.tracking)),
      );
    }

    // What was charged, where that is not the total: a held payment may be captured in part.
    charged({ status, amount, amountCaptured }) {
      const isPaid = ['completed', 'refunded', 'partially_refunded'].includes(status);
      return isPaid && amountCaptured !== amount ? amountCaptured : undefined;
    }

    // Each refund, where they are known, else their sum.
    refunds(order) {
      const each = (order.refunds ?? []).filter(refund => refund.status === 'succeeded' || refund.status === 'pending');
      const sum = each.reduce((all, { amount }) => all + (amount ?? 0), 0);
      // A capture in part may have refunded the rest, which nobody had paid.
      const ofRest = this.charged(order) !== undefined && sum > (order.amountRefunded ?? 0);
      if (each.length && !ofRest) {
        return each.map(refund => [
          this.text('refundOn', { date: day(refund.createdAt) }),
          money(-refund.amount, refund.currency ?? order.currency),
        ]);
      }
      return order.amountRefunded ? [[this.text('refunded'), money(-order.amountRefunded, order.currency)]] : [];
    }

    country(code) {
      try {
        return new Intl.DisplayNames(settings.locale ?? undefined, { type: 'region' }).of(code);
      } catch {
        return code; // none that a browser knows
      }
    }

    address(address) {
      if (!address) return null;
      const { name, line1, line2, postalCode, city, state, country } = address;
      const place = CODE_LAST.has(country) ? [city, state, postalCode] : [postalCode, city, state];
      const lines = [name, line1, line2, place.filter(Boolean).join(' '), country && this.country(country)].filter(
        Boolean,
      );
      if (!lines.length) return null;
      return make(
        'div',
        {},
        make('p', { className: 'soft', textContent: this.text('shipTo') }),
        make('address', {}, ...lines.map(line => make('div', {}, make('bdi', { textContent: line })))),
      );
    }

    parcels(tracking) {
      const parcels = (Array.isArray(tracking) ? tracking : [tracking]).filter(
        parcel => parcel?.carrier || parcel?.number || parcel?.url,
      );
      if (!parcels.length) return null;
      return make(
        'ul',
        {},
        ...parcels.map(parcel => {
          const text = [parcel.carrier, parcel.number].filter(Boolean).join(' ');
          const safe = /^https?:\/\//i.test(parcel.url ?? '');
          return make(
            'li',
            {},
            make('p', { className: 'soft', textContent: this.text('tracking') }),
            safe ? make('a', { href: parcel.url, rel: 'noopener noreferrer', textContent: text || parcel.url }) : text,
          );
        }),
      );
    }
  }

  window.ordersnap = {
    configure,
    cart: { read: () => Object.fromEntries(readCart()), set: setQuantity, clear: () => writeCart(new Map()) },
  };
  customElements.define('ordersnap-buy', Buy);
  customElements.define('ordersnap-cart', Cart);
  customElements.define('ordersnap-thanks', Thanks);
  customElements.define('ordersnap-orders', Orders);
})();

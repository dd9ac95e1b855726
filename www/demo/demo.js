// SPDX-License-Identifier: ISC
// The demo shop.  It knows its products by lookup key and what they look like; names and prices
// come from POST /cart/quote, so what the page shows is what Stripe will charge.

'use strict';

const PRODUCTS = [
  { sku: 'N-RED', text: 'Garnet beads on a fine silver chain.',
    picture: '<path d="M28 22c6 44 22 62 52 62s46-18 52-62"/><circle class="full" cx="80" cy="90" r="9"/><circle class="full" cx="60" cy="83" r="5.5"/><circle class="full" cx="100" cy="83" r="5.5"/><circle class="full" cx="44" cy="69" r="4"/><circle class="full" cx="116" cy="69" r="4"/>' },
  { sku: 'R-SIL', text: 'Hammered sterling silver, a little uneven.',
    picture: '<circle cx="80" cy="66" r="32"/><circle cx="80" cy="66" r="25"/><path d="M70 36l10-16 10 16-10 8z"/>' },
  { sku: 'E-MOON', text: 'Two thin crescents that catch the light.',
    picture: '<path d="M56 20v12M104 20v12"/><path d="M62 36a24 24 0 1 0 4 40 19 19 0 0 1-4-40zM110 36a24 24 0 1 0 4 40 19 19 0 0 1-4-40z"/>' },
  { sku: 'B-SEA', text: 'Sea glass, as the beach had it, set in silver.',
    picture: '<ellipse cx="80" cy="62" rx="50" ry="30"/><path class="full" d="M70 84l12-3 9 8-6 9-13-1zM40 73l11 3 4 9-9 4-9-8zM112 76l9-5 7 7-8 9-9-2z"/>' },
];
const MOST = 99;
const STORED = 'ordersnap-demo-cart';

const prices = new Map(); // sku to {name, price, currency}
let cart = readCart(); // sku to quantity
let quote = null; // of the cart as it is, or null
let asked = 0; // the number of the newest quote that was asked for

const $ = (id) => document.getElementById(id);

// ---- the cart, kept over a visit to Stripe's page

function readCart() {
  try {
    const known = new Set(PRODUCTS.map((product) => product.sku));
    const entries = Object.entries(JSON.parse(localStorage.getItem(STORED)) ?? {});
    return new Map(entries.filter(([sku, n]) => known.has(sku) && Number.isInteger(n) && n > 0 && n <= MOST));
  } catch {
    return new Map(); // no storage, or not ours
  }
}

function keepCart() {
  try {
    localStorage.setItem(STORED, JSON.stringify(Object.fromEntries(cart)));
  } catch {
    // then it lasts as long as the page
  }
}

// ---- asking

async function post(path, body) {
  let response;
  let answer = {};
  try {
    response = await fetch(path, { method: 'POST', body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' } });
    answer = await response.json();
  } catch {
    if (!response) throw new Error('The shop can’t be reached just now. Please try again.');
  }
  if (!response.ok) {
    throw new Error(response.status === 503 ? 'The shop is busy just now. Please try again in a moment.'
      : `That did not work: ${answer.error ?? response.status}`);
  }
  return answer;
}

function askQuote(entries) {
  return post('/cart/quote', { items: entries.map(([sku, quantity]) => ({ sku, quantity })) });
}

// ---- showing

function money(amount, currency) {
  const format = new Intl.NumberFormat(document.documentElement.lang,
    { style: 'currency', currency: currency.toUpperCase() });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function say(text) {
  $('message').textContent = text;
}

function showProducts() {
  $('grid').replaceChildren(...PRODUCTS.filter((product) => prices.has(product.sku)).map((product) => {
    const { name, price, currency } = prices.get(product.sku);
    const picture = element('div');
    picture.innerHTML = `<svg class="picture" viewBox="0 0 160 120" aria-hidden="true">${product.picture}</svg>`;
    const add = element('button', { type: 'button', textContent: 'Add to cart',
      onclick: () => change(product.sku, (cart.get(product.sku) ?? 0) + 1) });
    add.setAttribute('aria-label', `Add ${name} to the cart`);
    return element('li', { className: 'product' }, picture.firstChild,
      element('div', { className: 'about' },
        element('h3', { textContent: name }),
        element('p', { textContent: product.text }),
        element('div', { className: 'buy' },
          element('span', { className: 'price', textContent: money(price, currency) }), add)));
  }));
}

function quantityButton(label, text, sku, quantity, disabled) {
  const button = element('button', { type: 'button', textContent: text, disabled,
    onclick: () => change(sku, quantity) });
  button.setAttribute('aria-label', label);
  button.dataset.key = label;
  return button;
}

function line(sku, quantity) {
  const { name, price, currency } = prices.get(sku);
  const input = element('input', { type: 'number', min: 1, max: MOST, value: quantity,
    onchange: (event) => change(sku, Math.min(MOST, Math.max(1, Math.trunc(event.target.value) || 1))) });
  input.setAttribute('aria-label', `Quantity of ${name}`);
  input.dataset.key = `quantity of ${name}`;
  const remove = quantityButton(`Remove ${name}`, 'Remove', sku, 0, false);
  remove.className = 'remove';
  return element('li', { className: 'line' },
    element('span', { className: 'name', textContent: name }),
    element('span', { className: 'sum', textContent: money(price * quantity, currency) }),
    element('div', { className: 'amount' },
      quantityButton(`One ${name} less`, '−', sku, quantity - 1, quantity === 1), input,
      quantityButton(`One ${name} more`, '+', sku, quantity + 1, quantity === MOST)),
    remove);
}

function showCart() {
  const lines = [...cart].filter(([sku]) => prices.has(sku));
  const focused = document.activeElement?.dataset?.key;
  const count = lines.reduce((sum, [, quantity]) => sum + quantity, 0);
  const sum = quote?.pricingSummary;

  $('lines').replaceChildren(...lines.map(([sku, quantity]) => line(sku, quantity)));
  if (focused) {
    const again = [...$('lines').querySelectorAll('[data-key]')].find((e) => e.dataset.key === focused);
    (again && !again.disabled ? again : $('cart').querySelector('input') ?? $('products')).focus();
  }
  $('count').textContent = count;
  $('count-text').textContent = count ? `, ${count} ${count === 1 ? 'thing' : 'things'}` : ', empty';
  $('empty').hidden = lines.length > 0;
  $('checkout').hidden = lines.length === 0;
  $('subtotal').textContent = sum ? money(sum.subtotal, sum.currency) : '…';
  $('pay').disabled = !quote;
  $('status').textContent = sum ? `${count} in the cart, ${money(sum.subtotal, sum.currency)}` : '';
}

// ---- doing

async function change(sku, quantity) {
  if (quantity > MOST) return;
  if (quantity < 1) cart.delete(sku);
  else cart.set(sku, quantity);
  keepCart();
  await quoteCart();
}

// The newest answer counts, in whatever order they come.
async function quoteCart() {
  const number = ++asked;
  quote = null;
  say('');
  showCart();
  if (cart.size === 0) return;
  try {
    const answer = await askQuote([...cart]);
    if (number !== asked) return;
    quote = answer;
  } catch (error) {
    if (number === asked) say(error.message);
  }
  showCart();
}

async function checkOut(event) {
  event.preventDefault();
  const pay = $('pay');
  const email = $('email').value.trim();
  pay.disabled = true;
  pay.textContent = 'One moment…';
  say('');
  try {
    if (quote.expiresAt * 1000 < Date.now() + 5000) quote = await askQuote([...cart]);
    const session = await post('/checkout/create-session', {
      quoteSignature: quote.quoteSignature,
      ...(email && { customerEmail: email }),
      shippingAddressCollection: { allowed_countries: ['CA', 'DE', 'FR', 'GB', 'US'] },
      successUrl: new URL('thanks.html?session={CHECKOUT_SESSION_ID}', location.href).href
        .replace('%7B', '{').replace('%7D', '}'),
      cancelUrl: new URL('./', location.href).href,
    });
    location.assign(session.checkoutUrl);
  } catch (error) {
    say(error.message);
  } finally {
    pay.textContent = 'Check out';
    pay.disabled = !quote;
  }
}

// One quote with one of each tells all names and prices.
async function openShop() {
  $('checkout').addEventListener('submit', checkOut);
  try {
    const all = await askQuote(PRODUCTS.map((product) => [product.sku, 1]));
    for (const item of all.items) prices.set(item.sku, { name: item.name, price: item.unitPrice, currency: item.currency ?? all.pricingSummary.currency });
    showProducts();
    await quoteCart();
  } catch (error) {
    say(error.message);
  }
}

function openThanks() {
  const session = new URLSearchParams(location.search).get('session');
  cart = new Map();
  keepCart();
  $('session').textContent = session ?? '';
  $('reference').hidden = !session;
}

if (document.body.dataset.page === 'thanks') openThanks();
else openShop();
// Back from Stripe's page the browser may show this one as it was left.
addEventListener('pageshow', (event) => event.persisted && location.reload());

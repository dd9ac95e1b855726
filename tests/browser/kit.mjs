// SPDX-License-Identifier: ISC
// Tests in a real browser: TAP as in tests/lib/tap.py, and a page that notes whatever goes wrong.

import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder =
  process.env.ORDERSNAP_BROWSER_MODULES ||
  path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'node_modules');
if (!existsSync(path.join(folder, 'playwright-core')) || !existsSync(path.join(folder, 'axe-core'))) {
  console.log('1..0 # SKIP playwright-core and axe-core are not installed: npm install in tests/browser');
  process.exit(0);
}
const require = createRequire(path.join(folder, 'index.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const site = JSON.parse(process.env.ORDERSNAP_SITE); // {url, sim, login, shots}

let browser;
const tests = [];

export function test(sentence, body, options = {}) {
  tests.push({ sentence, body, options });
}

export function equal(got, want, what = '') {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  if (a !== b) throw new Error(`${what ? `${what}: ` : ''}got ${a}, want ${b}`);
}

export function ok(condition, what) {
  if (!condition) throw new Error(what);
}

export async function eventually(condition, what = 'condition', ms = 10000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise(done => setTimeout(done, 50));
  }
}

// A browser context of its own for a test; every page in it is watched.
export async function open(options = {}) {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(10000);
  context.faults = [];
  const note = what => context.faults.push(what);
  context.on('page', page => {
    page.on(
      'console',
      message =>
        ['error', 'warning'].includes(message.type()) &&
        !message.location().url.startsWith(site.sim) &&
        note(`console: ${message.text()}`),
    );
    page.on('pageerror', error => note(`error: ${error.message}`));
    // The three letters alone stand in a random id now and then.
    const token = /token|eyJ[\w-]+\.[\w-]+\./i;
    page.on(
      'request',
      request => token.test(decodeURIComponent(request.url())) && note(`a token in ${request.url()}`),
    );
    page.on('dialog', dialog => {
      note(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on(
      'response',
      response =>
        response.url().startsWith(site.url) &&
        response.status() >= 400 &&
        note(`${response.status()} ${response.url()}`),
    );
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', event =>
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  return context;
}

// Faults that a test makes on purpose.
export function expect(context, ...parts) {
  context.faults = context.faults.filter(fault => !parts.some(part => fault.includes(part)));
}

// What axe-core finds, in the light and in the dark.
export async function accessible(page, what) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    equal(
      violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.flat().join(' ')).join(', ')}`),
      [],
      `${what}, ${colorScheme}`,
    );
  }
}

// Nothing sticks out to the right.
export async function fits(page, what) {
  const [has, wide] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  ok(has <= wide, `${what}: ${has} pixels wide in ${wide}`);
}

export async function main() {
  const words = process.argv.slice(2);
  // "2/3": of three that share the work the second.
  const [mine, of] = (process.env.ORDERSNAP_SHARE || '1/1').split('/');
  const chosen = tests
    .filter(({ sentence }) => words.every(word => sentence.includes(word)))
    .filter((_, i) => i % of === mine - 1);
  console.log(`1..${chosen.length}`);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  });
  let failed = 0;
  for (const [i, { sentence, body, options }] of chosen.entries()) {
    let context;
    try {
      context = await open(options);
      await body(context);
      equal(context.faults, [], 'faults on the pages');
      console.log(`ok ${i + 1} - ${sentence}`);
    } catch (error) {
      failed += 1;
      console.log(`${error.stack}\nfaults: ${JSON.stringify(context?.faults)}`.replace(/^/gm, '# '));
      console.log(`not ok ${i + 1} - ${sentence}`);
    }
    await context?.close();
  }
  await browser.close();
  process.exit(failed ? 1 : 0);
}

// SPDX-License-Identifier: ISC
// Signs the bytes on standard input as the official Stripe SDK does: sign.mjs FOLDER SECRET, where
// FOLDER has the SDK.  Prints the Stripe-Signature header; exit code 3 if there is no SDK.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder, secret] = process.argv.slice(2);
let Stripe;
try {
  Stripe = createRequire(`${folder}/`)(folder + '/stripe');
} catch {
  process.exit(3);
}
const stripe = new (Stripe.default ?? Stripe)('sk_test_unused');
const payload = readFileSync(0, 'utf8');
process.stdout.write(stripe.webhooks.generateTestHeaderString({ payload, secret }));

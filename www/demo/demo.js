// SPDX-License-Identifier: ISC
// The demo's login, and nothing else: all the rest of the shop are ordersnap's elements.  It stands
// for the login that a site has; /demo/login, which only ./dev demo has, signs a token for whoever
// asks, with the secret that the programs have as JWT_SECRET.

'use strict';

const STORED = 'tidewrack-login'; // {name, token}, as long as the tab

function readLogin() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED));
  } catch {
    return null;
  }
}

function keepLogin(login) {
  if (login) sessionStorage.setItem(STORED, JSON.stringify(login));
  else sessionStorage.removeItem(STORED);
  showLogin();
}

// What the elements ask; no token: who buys is a guest.
ordersnap.configure({ token: () => readLogin()?.token ?? null });

function showLogin() {
  const login = readLogin();
  const form = document.getElementById('login');
  if (!form) return;
  form.hidden = Boolean(login);
  document.getElementById('logged-in').hidden = !login;
  document.getElementById('who').textContent = login?.name ?? '';
  document.querySelector('ordersnap-orders').reload();
}

async function logIn(event) {
  event.preventDefault();
  const name = document.getElementById('name').value.trim();
  const problem = document.getElementById('login-problem');
  problem.textContent = '';
  try {
    const response = await fetch('login', { method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name, email: document.getElementById('address').value.trim() }) });
    if (!response.ok) throw new Error(`the login answered ${response.status}`);
    keepLogin({ name, token: (await response.json()).token });
    document.getElementById('logout').focus();
  } catch (error) {
    problem.textContent = `That did not work: ${error.message}`;
  }
}

document.getElementById('login')?.addEventListener('submit', logIn);
document.getElementById('logout')?.addEventListener('click', () => {
  keepLogin(null);
  document.getElementById('name').focus();
});
document.addEventListener('ordersnap-login', () => readLogin() && keepLogin(null));
showLogin();

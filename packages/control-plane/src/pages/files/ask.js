/** Owns what the pages have in common: asking the admin API, and telling people what came of it. */

// Passkeys are for names, and this machine has one.
if (location.hostname === '127.0.0.1') location.replace(location.href.replace('127.0.0.1', 'localhost'))

let csrfToken = ''

/** Of this session: what changes are sent with. */
export function setCsrfToken(token) {
  csrfToken = token
}

/** `ask('POST /login', body)`. Rejects with an Error whose message is for people. */
export async function ask(line, body) {
  const [method, path] = line.split(' ')
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(csrfToken !== '' && { 'x-csrf-token': csrfToken }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  if (!response.ok) throw Object.assign(new Error(answer?.detail ?? `The answer was ${response.status}.`), { answer })
  return answer
}

export const find = (id) => document.getElementById(id)

export function tell(text) {
  find('message').textContent = text
}

/** One at a time, and whatever goes wrong is told. `element`: a form or a button. */
export function on(id, act) {
  const element = find(id)
  const isForm = element instanceof HTMLFormElement
  const button = isForm ? element.querySelector('button[type=submit]') : element
  element.addEventListener(isForm ? 'submit' : 'click', async (event) => {
    event.preventDefault()
    button.disabled = true
    tell('')
    try {
      await act()
    } catch (error) {
      tell(error.name === 'NotAllowedError' ? 'The browser was not allowed to use a passkey.' : error.message)
    } finally {
      button.disabled = false
    }
  })
}

export const textOf = (id) => find(id).value

/** The secret stands in the fragment, which browsers send to nobody; it goes from the address too. */
export function takeSecret() {
  const secret = location.hash.slice(1)
  history.replaceState(undefined, '', location.pathname)
  if (secret === '') tell('The link is not whole: its end is missing. Copy all of it.')
  return secret
}

export async function signWithPasskey(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  return (await navigator.credentials.get({ publicKey })).toJSON()
}

export async function makePasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  return (await navigator.credentials.create({ publicKey })).toJSON()
}

/** Owns the page on which people log in: a password and a second factor, or a passkey. */
import { ask, find, on, signWithPasskey, textOf } from './ask.js'

/** Ten letters of a recovery code or more; a code of an app has six digits. */
const APP_CODE = /^\s*\d{3}\s?\d{3}\s*$/

let asked

on('first', async () => {
  const answer = await ask('POST /login', { email: textOf('email'), password: textOf('password') })
  if (answer.next === undefined) return location.assign('/')
  asked = answer
  find('first').hidden = true
  find('passkey').hidden = true
  find('second').hidden = false
  find('second-passkey').hidden = !answer.next.includes('passkey')
  find('second-code').hidden = !answer.next.some((factor) => factor !== 'passkey')
  find('second-title').focus()
})

on('second-code', async () => {
  const code = textOf('code')
  const factor = APP_CODE.test(code) ? 'totp' : 'recovery-code'
  await ask('POST /login/second', { factor, challenge: asked.challenge, code })
  location.assign('/')
})

on('second-passkey', async () => {
  const response = await signWithPasskey(asked.passkey)
  await ask('POST /login/second', { factor: 'passkey', challenge: asked.challenge, response })
  location.assign('/')
})

on('passkey', async () => {
  const response = await signWithPasskey(await ask('POST /login/passkey/options'))
  await ask('POST /login/passkey', { response })
  location.assign('/')
})

function addProvider({ id, title }) {
  const button = document.createElement('button')
  button.id = `provider-${id}`
  button.type = 'button'
  button.className = 'other'
  button.textContent = `Log in with ${title}`
  find('providers').append(button)
  on(button.id, async () => {
    const { url, challenge } = await ask(`POST /login/provider/${id}`)
    sessionStorage.setItem('gatewright-login', challenge)
    location.assign(url)
  })
}

const { providers } = await ask('GET /login/ways')
for (const provider of providers) addProvider(provider)

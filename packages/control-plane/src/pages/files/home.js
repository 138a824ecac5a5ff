/** Owns the page that says who is logged in, and how that person logs in. */
import { ask, find, makePasskey, on, setCsrfToken, tell, textOf } from './ask.js'

let challenge = ''

/** Lines of people's own text, which is never markup. */
function list(id, lines) {
  find(id).replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement('li')
      item.textContent = line
      return item
    }),
  )
}

async function showFactors() {
  const { hasPassword, hasTotp, recoveryCodes, passkeys } = await ask('GET /me/factors')
  list('factors', [
    hasPassword ? 'A password' : 'No password',
    ...(hasTotp ? ['An app for codes'] : []),
    ...passkeys.map(({ name, createdAt }) => `Passkey “${name}”, since ${new Date(createdAt).toLocaleDateString()}`),
    ...(hasTotp || passkeys.length > 0 ? [`${recoveryCodes} recovery codes are left`] : []),
  ])
}

function showCodes(codes) {
  find('codes').hidden = codes === undefined
  if (codes === undefined) return
  list('codes-list', codes)
  find('codes-title').focus()
}

async function begin() {
  try {
    const { name, csrfToken } = await ask('GET /me')
    setCsrfToken(csrfToken)
    find('who').textContent = `You are logged in as ${name}.`
    await showFactors()
    find('somebody').hidden = false
  } catch (error) {
    find('nobody').hidden = false
    if (error.answer?.status !== 401) tell(error.message)
  }
}

function showPicture({ size, path }) {
  const picture = find('totp-picture')
  picture.setAttribute('viewBox', `0 0 ${size} ${size}`)
  picture.firstElementChild.setAttribute('d', path)
}

on('log-out', async () => {
  await ask('POST /logout')
  location.assign('/login')
})

on('add-totp', async () => {
  const offer = await ask('POST /me/totp')
  challenge = offer.challenge
  find('totp-key').textContent = offer.secret
  showPicture(offer.picture)
  find('totp-link').href = offer.uri
  find('totp').hidden = false
  find('code').focus()
})

on('totp', async () => {
  const { recoveryCodes } = await ask('PUT /me/totp', { challenge, code: textOf('code') })
  find('totp').hidden = true
  find('totp-key').textContent = ''
  showPicture({ size: 0, path: '' })
  await showFactors()
  showCodes(recoveryCodes)
})

on('add-passkey', async () => {
  const response = await makePasskey(await ask('POST /me/passkeys/options'))
  const { recoveryCodes } = await ask('POST /me/passkeys', {
    name: `Since ${new Date().toLocaleDateString()}`,
    response,
  })
  await showFactors()
  showCodes(recoveryCodes)
})

on('make-token', async () => {
  const { value } = await ask('POST /me/tokens', { name: textOf('token-name') })
  find('make-token').reset()
  find('token-value').textContent = value
  find('token').hidden = false
  find('token-value').focus()
})

on('change-password', async () => {
  const old = textOf('old')
  await ask('PUT /me/password', {
    ...(old !== '' && { old }),
    new: textOf('new'),
    endTokens: find('end-tokens').checked,
  })
  find('change-password').reset()
  await showFactors()
  tell('The password is changed, and you are logged out everywhere else.')
})

void begin()

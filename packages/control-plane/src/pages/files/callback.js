/** Owns the page to which a provider sends people back. */
import { ask, find, tell } from './ask.js'

const challenge = sessionStorage.getItem('gatewright-login') ?? ''
const query = location.search
sessionStorage.removeItem('gatewright-login')
history.replaceState(undefined, '', location.pathname)

try {
  await ask('POST /login/callback', { challenge, query })
  location.assign('/')
} catch (error) {
  tell(error.message)
  find('again').hidden = false
}

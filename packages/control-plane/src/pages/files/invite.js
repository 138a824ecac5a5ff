/** Owns the page on which somebody who has a link sets a password. */
import { ask, on, takeSecret, textOf } from './ask.js'

const secret = takeSecret()

on('invite', async () => {
  await ask('POST /invitation', { secret, password: textOf('password') })
  location.assign('/login')
})

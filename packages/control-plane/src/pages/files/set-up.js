/** Owns the page on which the first account is made. */
import { ask, on, takeSecret, textOf } from './ask.js'

const secret = takeSecret()

on('set-up', async () => {
  await ask('POST /set-up', {
    secret,
    email: textOf('email'),
    name: textOf('name'),
    password: textOf('password'),
  })
  location.assign('/')
})

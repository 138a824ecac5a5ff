/** Owns directories in tests of policies: a function that knows names and passwords, and what it was asked. */
import type { MaybePromise } from '../maybe-promise.ts'
import { CallFault, type Directories, type DirectoryEntry, type DirectorySettings } from '../services.ts'

export interface DirectoryQuestion {
  readonly name: string
  readonly password: string
  readonly settings: DirectorySettings
}

export class FakeDirectories implements Directories {
  readonly questions: DirectoryQuestion[] = []
  readonly #answer: (question: DirectoryQuestion) => MaybePromise<DirectoryEntry | undefined>

  /** Without `answer` nobody can be reached. What it throws, the question throws. */
  constructor(answer?: (question: DirectoryQuestion) => MaybePromise<DirectoryEntry | undefined>) {
    this.#answer =
      answer ??
      (({ settings }) => {
        throw new CallFault('ECONNREFUSED', `nobody listens at ${settings.url}`)
      })
  }

  async verify(name: string, password: string, settings: DirectorySettings): Promise<DirectoryEntry | undefined> {
    const question = { name, password, settings }
    this.questions.push(question)
    return await this.#answer(question)
  }
}

/** Owns reading a list that a control plane gives in pages to its end. */

interface Page {
  readonly limit: number
  readonly after?: string
}

interface Paged<Item> {
  readonly body: { readonly items: readonly Item[]; readonly next?: string }
}

/** `limit`: of a page, as the route allows it. @rejects what `ask` rejects with */
export async function listAll<Item>(ask: (page: Page) => Promise<Paged<Item>>, limit = 500): Promise<Item[]> {
  const all: Item[] = []
  let after: string | undefined
  do {
    const { items, next } = (await ask({ limit, ...(after !== undefined && { after }) })).body
    all.push(...items)
    after = next
  } while (after !== undefined)
  return all
}

/** Owns pairs of schemas, and what breaks where one becomes the other: of what is taken, and of what is given. */

export interface SchemaCase {
  readonly what: string
  readonly one: unknown
  readonly other: unknown
  /** Ends of codes, from `one` to `other`; nothing breaks where absent. */
  readonly taken?: readonly string[]
  readonly given?: readonly string[]
  /** From `other` to `one`. */
  readonly takenBack?: readonly string[]
  readonly givenBack?: readonly string[]
  /** 3.1 where absent. */
  readonly version?: string
  /** Of both. */
  readonly components?: Readonly<Record<string, unknown>>
}

const string = { type: 'string' }
const integer = { type: 'integer' }

function object(properties: object, more: object = {}): object {
  return { type: 'object', properties, ...more }
}

const TYPES: SchemaCase[] = [
  {
    what: 'another type',
    one: string,
    other: integer,
    taken: ['type-narrowed'],
    given: ['type-widened'],
    takenBack: ['type-narrowed'],
    givenBack: ['type-widened'],
  },
  {
    what: 'a number becomes an integer',
    one: { type: 'number' },
    other: integer,
    taken: ['type-narrowed'],
    givenBack: ['type-widened'],
  },
  {
    what: 'one type of several',
    one: { type: ['string', 'integer'] },
    other: string,
    taken: ['type-narrowed'],
    givenBack: ['type-widened'],
  },
  { what: 'anything becomes a text', one: {}, other: string, taken: ['type-narrowed'], givenBack: ['type-widened'] },
  {
    what: 'a title, a description, an example',
    one: string,
    other: { ...string, title: 'T', description: 'D', example: 'e' },
  },
  { what: 'the type is said, which was plain', one: { properties: { a: string } }, other: object({ a: string }) },
  {
    what: 'null in 3.1',
    one: { type: ['string', 'null'] },
    other: string,
    taken: ['null-refused'],
    givenBack: ['null-added'],
  },
  {
    what: 'null in 3.0',
    version: '3.0.3',
    one: { ...string, nullable: true },
    other: string,
    taken: ['null-refused'],
    givenBack: ['null-added'],
  },
  { what: '`nullable` means nothing in 3.1', one: { ...string, nullable: true }, other: string },
  {
    what: 'null as a choice says what a list of types says',
    one: { anyOf: [string, { type: 'null' }] },
    other: { type: ['string', 'null'] },
  },
  { what: 'nothing is allowed', one: string, other: false, taken: ['type-narrowed'], givenBack: ['type-widened'] },
]

const VALUES: SchemaCase[] = [
  {
    what: 'a value goes',
    one: { ...string, enum: ['a', 'b'] },
    other: { ...string, enum: ['a'] },
    taken: ['enum-narrowed'],
    givenBack: ['enum-widened'],
  },
  { what: 'values in another order', one: { enum: ['a', 'b'] }, other: { enum: ['b', 'a'] } },
  {
    what: 'values are listed',
    one: string,
    other: { ...string, enum: ['a'] },
    taken: ['enum-narrowed'],
    givenBack: ['enum-widened'],
  },
  { what: 'a constant is a list of one', one: { const: 'a' }, other: { enum: ['a'] } },
  { what: 'both values of a boolean', one: { type: 'boolean' }, other: { type: 'boolean', enum: [true, false] } },
  { what: 'a pattern', one: string, other: { ...string, pattern: '^a' }, taken: ['pattern-narrowed'] },
  {
    what: 'another pattern',
    one: { ...string, pattern: '^b' },
    other: { ...string, pattern: '^a' },
    taken: ['pattern-narrowed'],
    takenBack: ['pattern-narrowed'],
  },
  {
    what: 'a format',
    one: string,
    other: { ...string, format: 'uuid' },
    taken: ['format-narrowed'],
    givenBack: ['format-widened'],
  },
  {
    what: 'a longer integer becomes a shorter one',
    one: { ...integer, format: 'int64' },
    other: { ...integer, format: 'int32' },
    taken: ['format-narrowed'],
    givenBack: ['format-widened'],
  },
  { what: 'the longest integer is said', one: integer, other: { ...integer, format: 'int64' } },
  { what: 'an exception', one: string, other: { ...string, not: { enum: ['x'] } }, taken: ['exception-added'] },
]

const bound = { taken: ['bound-narrowed'], givenBack: ['bound-widened'] }

const BOUNDS: SchemaCase[] = [
  { what: 'a smaller maximum', one: { ...integer, maximum: 9 }, other: { ...integer, maximum: 5 }, ...bound },
  { what: 'a first maximum', one: integer, other: { ...integer, maximum: 5 }, ...bound },
  { what: 'a larger minimum', one: { ...integer, minimum: 1 }, other: { ...integer, minimum: 2 }, ...bound },
  {
    what: 'an excluded minimum in 3.1',
    one: { ...integer, minimum: 1 },
    other: { ...integer, exclusiveMinimum: 1 },
    ...bound,
  },
  {
    what: 'an excluded maximum in 3.0',
    version: '3.0.3',
    one: { ...integer, maximum: 9 },
    other: { ...integer, maximum: 9, exclusiveMaximum: true },
    ...bound,
  },
  { what: 'a shorter text', one: { ...string, maxLength: 9 }, other: { ...string, maxLength: 5 }, ...bound },
  { what: 'a longer text', one: string, other: { ...string, minLength: 1 }, ...bound },
  { what: 'a length of at least nothing', one: string, other: { ...string, minLength: 0 } },
  { what: 'fewer items', one: { type: 'array' }, other: { type: 'array', maxItems: 3 }, ...bound },
  { what: 'fewer properties', one: { type: 'object' }, other: { type: 'object', maxProperties: 3 }, ...bound },
  { what: 'items that differ', one: { type: 'array' }, other: { type: 'array', uniqueItems: true }, ...bound },
  { what: 'multiples', one: { ...integer, multipleOf: 2 }, other: { ...integer, multipleOf: 4 }, ...bound },
  { what: 'a bound of lengths for numbers says nothing', one: integer, other: { ...integer, maxLength: 5 } },
]

const OBJECTS: SchemaCase[] = [
  {
    what: 'a property comes',
    one: object({ a: string }),
    other: object({ a: string, b: string }),
    givenBack: ['property-removed'],
  },
  {
    what: 'a property is required',
    one: object({ a: string }),
    other: object({ a: string }, { required: ['a'] }),
    taken: ['property-required'],
    givenBack: ['property-optional'],
  },
  {
    what: 'a required property comes',
    one: object({}),
    other: object({ a: string }, { required: ['a'] }),
    taken: ['property-required'],
    givenBack: ['property-removed'],
  },
  {
    what: 'a required property that is only read',
    one: object({}),
    other: object({ a: { ...string, readOnly: true } }, { required: ['a'] }),
    givenBack: ['property-removed'],
  },
  {
    what: 'a property that is only written',
    one: object({ a: { ...string, writeOnly: true } }),
    other: object({}),
  },
  {
    what: 'a property in a property',
    one: object({ a: object({ b: { ...string, enum: ['x', 'y'] } }) }),
    other: object({ a: object({ b: { ...string, enum: ['x'] } }) }),
    taken: ['enum-narrowed'],
    givenBack: ['enum-widened'],
  },
  {
    what: 'further properties are refused',
    one: object({ a: string }),
    other: object({ a: string }, { additionalProperties: false }),
    taken: ['property-refused'],
  },
  {
    what: 'a property goes where further ones are refused',
    one: object({ a: string, b: string }, { additionalProperties: false }),
    other: object({ a: string }, { additionalProperties: false }),
    taken: ['property-refused'],
    given: ['property-removed'],
  },
  {
    what: 'values of a map',
    one: { type: 'object', additionalProperties: { type: 'number' } },
    other: { type: 'object', additionalProperties: integer },
    taken: ['type-narrowed'],
    givenBack: ['type-widened'],
  },
  {
    what: 'items',
    one: { type: 'array', items: { type: ['string', 'integer'] } },
    other: { type: 'array', items: string },
    taken: ['type-narrowed'],
    givenBack: ['type-widened'],
  },
]

const Cat = object({ kind: { const: 'cat' }, lives: integer }, { required: ['kind'] })
const Dog = object({ kind: { const: 'dog' }, name: string }, { required: ['kind'] })
const cat = { $ref: '#/components/schemas/Cat' }
const dog = { $ref: '#/components/schemas/Dog' }
const tree = (leaf: object) => ({
  type: 'object',
  properties: { leaf, children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } },
})

const COMPOSITIONS: SchemaCase[] = [
  {
    what: 'a form of several goes',
    components: { Cat, Dog },
    one: { oneOf: [cat, dog] },
    other: { oneOf: [cat] },
    taken: ['choice-removed'],
    givenBack: ['choice-added'],
  },
  {
    what: 'a form of three goes',
    components: { Cat, Dog },
    one: { anyOf: [cat, dog, string] },
    other: { anyOf: [cat, string] },
    taken: ['choice-removed'],
    givenBack: ['choice-added'],
  },
  {
    what: 'forms in another order',
    components: { Cat, Dog },
    one: { oneOf: [cat, dog] },
    other: { oneOf: [dog, cat] },
  },
  {
    what: 'a form becomes one of two',
    components: { Cat, Dog },
    one: cat,
    other: { oneOf: [cat, dog] },
    takenBack: ['choice-removed'],
    given: ['choice-added'],
  },
  { what: 'several types as choices', one: { type: ['string', 'integer'] }, other: { oneOf: [string, integer] } },
  {
    what: 'a reference instead of what it leads to',
    components: { Cat },
    one: cat,
    other: Cat,
  },
  {
    what: 'a property out of an `allOf`',
    one: { allOf: [object({ a: string }), object({ b: string })] },
    other: { allOf: [object({ a: string })] },
    given: ['property-removed'],
  },
  {
    what: 'an `allOf` says what one says',
    one: { allOf: [object({ a: string }), { required: ['a'] }] },
    other: object({ a: string }, { required: ['a'] }),
  },
  {
    what: 'one more condition of an `allOf`',
    one: { allOf: [object({ a: string })] },
    other: { allOf: [object({ a: string }), { required: ['a'] }] },
    taken: ['property-required'],
    givenBack: ['property-optional'],
  },
  {
    what: 'a schema within itself, as it was',
    components: { Tree: tree(string) },
    one: { $ref: '#/components/schemas/Tree' },
    other: { $ref: '#/components/schemas/Tree' },
  },
  {
    what: 'members beside a reference in 3.1',
    components: { Name: string },
    one: { $ref: '#/components/schemas/Name' },
    other: { $ref: '#/components/schemas/Name', maxLength: 5 },
    taken: ['bound-narrowed'],
    givenBack: ['bound-widened'],
  },
  {
    what: 'members beside a reference in 3.0',
    version: '3.0.3',
    components: { Name: string },
    one: { $ref: '#/components/schemas/Name' },
    other: { $ref: '#/components/schemas/Name', maxLength: 5 },
  },
  {
    what: 'one of several conditions is required',
    one: { ...object({ a: string, b: string }), anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    other: object({ a: string, b: string }, { required: ['a'] }),
    taken: ['property-required'],
    givenBack: ['property-optional'],
  },
]

export const SCHEMA_CASES: readonly SchemaCase[] = [...TYPES, ...VALUES, ...BOUNDS, ...OBJECTS, ...COMPOSITIONS]

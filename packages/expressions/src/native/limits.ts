/**
 * The bounds of the native language, so that one API's expression cannot stall a thread that serves all of them.
 *
 * The library has none of its own, so they are set around it: sources are measured before they are parsed, trees after;
 * while an expression runs, every call and every turn of a loop is paid for in steps. A step is about what one node of
 * the tree costs in a loop (0.1–0.4 µs on the 2-core machine this was measured on), so a spent budget is 5–20 ms.
 * What exceeds a bound fails as an `ExpressionSyntaxError` (as written) or an `ExpressionError` (as it runs).
 */

/** One CEL source. The parser backtracks over white space in quadratic time: 4 Ki units cost it at most 70 ms (measured). */
export const MAX_SOURCE_CHARS = 4096

/** Brackets inside brackets. The parser recurses: it overflows the stack near 400. */
export const MAX_BRACKET_DEPTH = 64

/** The height of a tree; chains such as `a.b.c` and `a + b + c` count one for each link. */
export const MAX_TREE_DEPTH = 256

/** Loops (`all exists exists_one map filter`) within loops. */
export const MAX_LOOP_DEPTH = 3

/** Steps of one evaluation: calls, turns of loops times the size of their body, and the sizes of what calls read. */
export const MAX_STEPS = 50_000

/** Characters of text that one step pays for when a call copies or reads it once. */
export const CHARS_PER_STEP = 64

/** Characters compared that one step pays for in a search, where each place may be compared with the whole needle. */
export const COMPARISONS_PER_STEP = 512

/** A needle's part that counts in a search: V8 skips by tables over at most this many of its last characters. */
export const MAX_COMPARED_CHARS = 256

/** Any text or bytes that an expression makes, and the whole of its result (a value inside counts 16). */
export const MAX_RESULT_CHARS = 1_048_576

/** A text that becomes a number, time or duration: the longest honest ones have fewer than 40 characters. */
export const MAX_NUMERAL_CHARS = 64

/** A template: its literal text may be a body. Parts are bounded because each has its own budget of steps. */
export const MAX_TEMPLATE_CHARS = 262_144
export const MAX_TEMPLATE_PARTS = 64

/** A regular expression's source, and the instructions it compiles to (`[a-z]{1000}` has 1001). */
export const MAX_PATTERN_CHARS = 1024
export const MAX_PATTERN_INSTRUCTIONS = 1000

/**
 * Instructions times characters of one match. RE2's worst case is their product at about 110 ns each (measured with
 * `a[ab]{60}[cd]` on random text), so this is at most 30 ms; a pattern of 50 instructions may read 5000 characters.
 */
export const MAX_PATTERN_WORK = 250_000

/** Instructions times characters that one step pays for: a loop of worst cases ends after 45 ms, common ones cost a tenth. */
export const PATTERN_WORK_PER_STEP = 8

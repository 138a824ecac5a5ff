/** Owns how CEL is checked in a control plane: one function for all checks, since memories forget what they know when something else is checked with. */
import { checkExpression } from '@gatewright/expressions'
import { CEL_VOCABULARIES } from '@gatewright/policies'

export function checkExpressionHere(
  source: string,
  language: string,
  side: keyof typeof CEL_VOCABULARIES = 'request',
): string | undefined {
  return checkExpression(source, language, CEL_VOCABULARIES[side])
}

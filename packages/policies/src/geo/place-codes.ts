/** Owns the codes of countries and their parts, so that `UK` is a fault and not a country from which nobody ever calls. */
import { z } from 'zod'

/** ISO 3166-1 alpha-2, all that is officially assigned, and `XK`, which geo databases say for Kosovo. */
const COUNTRIES = new Set(
  `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
   CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
   GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
   JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
   MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
   QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
   TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW`.split(/\s+/),
)

/** What people write for what ISO calls otherwise. */
const MEANT = new Map([
  ['UK', 'GB'],
  ['EL', 'GR'],
  ['EU', 'continents: [EU]'],
])

function findCountryFault(code: string): string | undefined {
  if (COUNTRIES.has(code)) return undefined
  const upper = code.toUpperCase()
  const meant = MEANT.get(upper) ?? (COUNTRIES.has(upper) ? upper : undefined)
  const suggestion = meant === undefined ? 'write a code of ISO 3166-1, such as DE' : `did you mean ${meant}?`
  return `${JSON.stringify(code.slice(0, 20))} is no country: ${suggestion}`
}

export const countrySchema = z.string().superRefine((code, context) => {
  const fault = findCountryFault(code)
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})

/** Of a country of the list; which parts it has changes from year to year. */
export const subdivisionSchema = z.string().superRefine((code, context) => {
  const [country = '', part = '', ...more] = code.split('-')
  if (COUNTRIES.has(country) && /^[A-Z0-9]{1,3}$/.test(part) && more.length === 0) return
  const message = `${JSON.stringify(code.slice(0, 20))} is no subdivision: write a code of ISO 3166-2, such as US-CA`
  context.addIssue({ code: 'custom', message })
})

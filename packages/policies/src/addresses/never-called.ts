/** Owns the addresses that nothing of Gatewright calls because somebody has named them, unless its operator allows it. */

/** What is no unicast address of anybody, and where machines of clouds are told who they are, with keys for everything. */
export const NEVER_CALLED: readonly string[] = [
  '0.0.0.0/8',
  '::/128',
  // Link-local: RFC 3927 and RFC 4291 §2.5.6. Nearly all clouds answer there, at 169.254.169.254; containers also at 169.254.170.x.
  '169.254.0.0/16',
  'fe80::/10',
  // The same services where they have addresses of other kinds: each is one that a cloud documents.
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
]

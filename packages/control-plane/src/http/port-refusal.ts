/** Owns that a port cannot be had: somebody has it, its host is none of this machine, or it is not for everybody to take. */
export class PortRefusal extends Error {
  override readonly name = 'PortRefusal'
}

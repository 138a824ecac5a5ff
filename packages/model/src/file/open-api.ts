/** Owns how a file names an OpenAPI document. */
import { z } from 'zod'

export const openApiSchema = z.string().min(1).meta({
  description:
    'An OpenAPI 3.x or Swagger 2.0 document, JSON or YAML, relative to this file. Its paths become routes; its servers and base path do not count, and its security, parameters and schemas are not enforced yet.',
})

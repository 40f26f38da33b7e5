import { config } from 'zod'

// Zod would try whether it may compile functions, which the page's policy reports as an attack. This
// module comes first, before any schema is used.
config({ jitless: true })

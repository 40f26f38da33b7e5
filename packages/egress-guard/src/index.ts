export { canonicalAddress, classifyAddress, embeddedIPv4 } from './address.ts'
export {
  SPECIAL_IPV4,
  SPECIAL_IPV6,
  type AddressScope,
  type SpecialPrefix,
} from './special-purpose.ts'

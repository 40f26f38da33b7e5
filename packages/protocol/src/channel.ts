/**
 * The wire between control plane and enclave: length-prefixed, multiplexed frames with credit flow
 * control, deadlines and cancellation over one byte stream. Works over any {@link ChannelSocket}.
 *
 * @module
 */
export { type BodyReader, type BodySource, streamWindowBytes } from './channel-body.ts'
export { type CancelSignal, Cancellation } from './cancellation.ts'
export {
  type ChannelClient,
  type ChannelReply,
  type ChannelRequestOptions,
  createChannelClient,
} from './channel-client.ts'
export type { ChannelSocket } from './channel-connection.ts'
export { ChannelError, type ChannelErrorCode, EnclaveError } from './channel-errors.ts'
export {
  type ChannelHandler,
  type ChannelHandlers,
  type ChannelRequestContext,
  type ChannelServer,
  serveChannel,
  type ServeChannelOptions,
} from './channel-server.ts'

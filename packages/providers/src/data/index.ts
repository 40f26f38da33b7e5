import type { ProviderData } from '../schema.ts'
import { airtable } from './airtable.ts'
import { algolia } from './algolia.ts'
import { anthropic } from './anthropic.ts'
import { apify } from './apify.ts'
import { asana } from './asana.ts'
import { assemblyai } from './assemblyai.ts'
import { atlassian } from './atlassian.ts'
import { attio } from './attio.ts'
import { awsBedrock } from './aws-bedrock.ts'
import { awsS3 } from './aws-s3.ts'
import { azureOpenai } from './azure-openai.ts'
import { bitbucket } from './bitbucket.ts'
import { box } from './box.ts'
import { braveSearch } from './brave-search.ts'
import { browserbase } from './browserbase.ts'
import { buildkite } from './buildkite.ts'
import { calendly } from './calendly.ts'
import { cerebras } from './cerebras.ts'
import { circleci } from './circleci.ts'
import { clickup } from './clickup.ts'
import { cloudflare } from './cloudflare.ts'
import { coda } from './coda.ts'
import { cohere } from './cohere.ts'
import { confluence } from './confluence.ts'
import { datadog } from './datadog.ts'
import { deepgram } from './deepgram.ts'
import { deepl } from './deepl.ts'
import { deepseek } from './deepseek.ts'
import { digitalocean } from './digitalocean.ts'
import { discord } from './discord.ts'
import { dropbox } from './dropbox.ts'
import { elevenlabs } from './elevenlabs.ts'
import { exa } from './exa.ts'
import { figma } from './figma.ts'
import { firecrawl } from './firecrawl.ts'
import { fireworks } from './fireworks.ts'
import { fly } from './fly.ts'
import { freshdesk } from './freshdesk.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { gmail } from './gmail.ts'
import { googleCalendar } from './google-calendar.ts'
import { googleDrive } from './google-drive.ts'
import { googleGemini } from './google-gemini.ts'
import { googleMaps } from './google-maps.ts'
import { googleSheets } from './google-sheets.ts'
import { grafana } from './grafana.ts'
import { groq } from './groq.ts'
import { hubspot } from './hubspot.ts'
import { huggingFace } from './hugging-face.ts'
import { intercom } from './intercom.ts'
import { jira } from './jira.ts'
import { langfuse } from './langfuse.ts'
import { linear } from './linear.ts'
import { linkedin } from './linkedin.ts'
import { mailchimp } from './mailchimp.ts'
import { mapbox } from './mapbox.ts'
import { microsoftGraph } from './microsoft-graph.ts'
import { miro } from './miro.ts'
import { mistral } from './mistral.ts'
import { monday } from './monday.ts'
import { neon } from './neon.ts'
import { netlify } from './netlify.ts'
import { notion } from './notion.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'
import { openweather } from './openweather.ts'
import { pagerduty } from './pagerduty.ts'
import { paypal } from './paypal.ts'
import { perplexity } from './perplexity.ts'
import { pinecone } from './pinecone.ts'
import { pipedrive } from './pipedrive.ts'
import { plaid } from './plaid.ts'
import { planetscale } from './planetscale.ts'
import { posthog } from './posthog.ts'
import { postmark } from './postmark.ts'
import { qdrantCloud } from './qdrant-cloud.ts'
import { quickbooks } from './quickbooks.ts'
import { reddit } from './reddit.ts'
import { render } from './render.ts'
import { replicate } from './replicate.ts'
import { resend } from './resend.ts'
import { salesforce } from './salesforce.ts'
import { sendgrid } from './sendgrid.ts'
import { sentry } from './sentry.ts'
import { serpapi } from './serpapi.ts'
import { serper } from './serper.ts'
import { shopify } from './shopify.ts'
import { slack } from './slack.ts'
import { spotify } from './spotify.ts'
import { square } from './square.ts'
import { stripe } from './stripe.ts'
import { supabase } from './supabase.ts'
import { supabaseManagement } from './supabase-management.ts'
import { tailscale } from './tailscale.ts'
import { tavily } from './tavily.ts'
import { telegramBot } from './telegram-bot.ts'
import { terraformCloud } from './terraform-cloud.ts'
import { todoist } from './todoist.ts'
import { together } from './together.ts'
import { trello } from './trello.ts'
import { twilio } from './twilio.ts'
import { typeform } from './typeform.ts'
import { vercel } from './vercel.ts'
import { webflow } from './webflow.ts'
import { x } from './x.ts'
import { xai } from './xai.ts'
import { youtube } from './youtube.ts'
import { zendesk } from './zendesk.ts'
import { zoom } from './zoom.ts'

/** Every built-in provider. */
export const builtInProviders: readonly ProviderData[] = [
  airtable,
  algolia,
  anthropic,
  apify,
  asana,
  assemblyai,
  atlassian,
  attio,
  awsBedrock,
  awsS3,
  azureOpenai,
  bitbucket,
  box,
  braveSearch,
  browserbase,
  buildkite,
  calendly,
  cerebras,
  circleci,
  clickup,
  cloudflare,
  coda,
  cohere,
  confluence,
  datadog,
  deepgram,
  deepl,
  deepseek,
  digitalocean,
  discord,
  dropbox,
  elevenlabs,
  exa,
  figma,
  firecrawl,
  fireworks,
  fly,
  freshdesk,
  github,
  gitlab,
  gmail,
  googleCalendar,
  googleDrive,
  googleGemini,
  googleMaps,
  googleSheets,
  grafana,
  groq,
  hubspot,
  huggingFace,
  intercom,
  jira,
  langfuse,
  linear,
  linkedin,
  mailchimp,
  mapbox,
  microsoftGraph,
  miro,
  mistral,
  monday,
  neon,
  netlify,
  notion,
  openai,
  openrouter,
  openweather,
  pagerduty,
  paypal,
  perplexity,
  pinecone,
  pipedrive,
  plaid,
  planetscale,
  posthog,
  postmark,
  qdrantCloud,
  quickbooks,
  reddit,
  render,
  replicate,
  resend,
  salesforce,
  sendgrid,
  sentry,
  serpapi,
  serper,
  shopify,
  slack,
  spotify,
  square,
  stripe,
  supabase,
  supabaseManagement,
  tailscale,
  tavily,
  telegramBot,
  terraformCloud,
  todoist,
  together,
  trello,
  twilio,
  typeform,
  vercel,
  webflow,
  x,
  xai,
  youtube,
  zendesk,
  zoom,
]

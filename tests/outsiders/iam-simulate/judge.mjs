// Reads cases from standard input, one JSON text a line, and answers each with a line: what IAM decides,
// or why the policy is none. A case has `document`, `principal`, `action`, `resource` and `context`;
// a policy with principals is one of the resource, any other one of the identity.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const ACCOUNT = '111122223333'

async function judge({ document, principal, action, resource, context, trust }) {
  const { errors, overallResult, result } = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId: ACCOUNT }, contextVariables: context },
      identityPolicies: trust ? [] : [{ name: 'policy', policy: document }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: trust ? document : undefined,
    },
    {},
  )
  if (errors) return `invalid: ${JSON.stringify(errors)}`
  const ignored = result?.ignoredContextKeys ?? []
  return ignored.length > 0 ? `ignored: ${ignored}` : overallResult
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(await judge(JSON.parse(line)))
}

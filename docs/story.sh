#!/usr/bin/env bash
# The story of one resource and its customer's key, as commands. Whatever is refused says why, and the next
# command is the one that it asks for. It needs `strongroom` on the path, and makes a data folder of its own.
set -euo pipefail

if [ -z "${STRONGROOM_DATA:-}" ]; then
  STRONGROOM_DATA=$(mktemp -d)/data
fi
export STRONGROOM_DATA

# says CODE COMMAND…: the command must not be done, and give this code as its reason.
says() {
  local code=$1 answer
  shift
  echo "\$ $*"
  if answer=$("$@" 2>&1); then
    echo "$answer"
    echo "story: this should have said $code" >&2
    exit 1
  fi
  echo "$answer"
  grep -qF "[$code]" <<<"$answer" || { echo "story: expected $code" >&2; exit 1; }
}

# does COMMAND…: the command must be done.
does() {
  echo "\$ $*"
  "$@"
}

# key_of VAULT KEY ARGUMENT…: makes a version of a key, and prints its URI.
key_of() {
  strongroom --json key create "$@" | sed -n 's/.*"kid":"\([^"]*\)".*/\1/p'
}

# reads TEXT: what was stored must still be there, word for word.
reads() {
  [ "$(strongroom cat notes/poem)" = "$1" ] || { echo "story: the poem is not what it was" >&2; exit 1; }
  echo "\$ strongroom cat notes/poem"
  echo "$1"
}

does strongroom init --dev

echo "# A resource begins under a key that the service makes for it alone (R4), and never under another (R8)."
says CmkNotAllowedAtCreation strongroom resource create notes --tier F0 \
  --key https://contoso.vault.localhost/keys/docs/00000000000000000000000000000001
does strongroom resource create notes --tier F0
printf 'so much depends' | does strongroom put - notes/poem

echo "# A vault and a key, and each condition that they do not meet yet."
does strongroom vault create contoso
key=$(key_of contoso docs)
says TierWithoutCustomerKeys strongroom resource encryption set notes --key "$key" # R10
does strongroom resource update notes --tier S0
says KeyVaultPurgeProtectionOff strongroom resource encryption set notes --key "$key" # R14
does strongroom vault update contoso --purge-protection

does strongroom vault create elsewhere --location westeurope --purge-protection
says KeyVaultRegionMismatch strongroom resource encryption set notes --key "$(key_of elsewhere docs)" # R7
says KeyVaultKeyTypeNotSupported strongroom resource encryption set notes \
  --key "$(key_of contoso large --size 3072)" # R15
says KeyVaultKeyTypeNotSupported strongroom resource encryption set notes \
  --key "$(key_of contoso curve --kty EC)" # R15

does strongroom key disable "$key"
says KeyDisabled strongroom resource encryption set notes --key "$key"
does strongroom key enable "$key"
does strongroom vault firewall contoso --default-action Deny --bypass None
says ForbiddenByFirewall strongroom resource encryption set notes --key "$key" # R17
does strongroom vault firewall contoso --default-action Allow

echo "# Whoever may not write the vault's policies cannot grant on the way (R9, R11)."
does strongroom principal create bob
does strongroom role assign Contributor --assignee bob --resource notes
says KeyVaultPermissionMissing strongroom --as bob resource encryption set notes --key "$key"

echo "# Everything is there: what would happen, and then it does."
does strongroom explain set notes --key "$key"
does strongroom resource encryption set notes --key "$key"
reads 'so much depends'

echo "# Rotation takes effect when the resource is updated, and touches no object (R16)."
does strongroom key rotate contoso docs
next=$(strongroom --json key show contoso docs | sed -n 's/.*"kid":"\([^"]*\)".*/\1/p')
does strongroom key census "$key"
does strongroom resource encryption set notes --key "$next"
does strongroom key disable "$key"
reads 'so much depends'

echo "# Back to a service-managed key, which takes the customer's key to open; and over again."
does strongroom resource encryption reset notes
does strongroom key disable "$next"
reads 'so much depends'
does strongroom key enable "$next"
does strongroom resource encryption set notes --key "$next"

echo "# In another tenant the identity is left behind, and nothing is lost (R13)."
tenant=$(strongroom --json tenant create fabrikam | sed -n 's/.*"id":"\([^"]*\)".*/\1/p')
home=$(strongroom --json resource show notes | sed -n 's/.*"tenant":"\([^"]*\)".*/\1/p')
does strongroom subscription move default --tenant "$tenant"
says IdentityLeftBehind strongroom cat notes/poem
says IdentityLeftBehind strongroom resource encryption reset notes # R17: nothing goes round it
does strongroom subscription move default --tenant "$home"
reads 'so much depends'

does strongroom audit verify
echo "story: all of it held"

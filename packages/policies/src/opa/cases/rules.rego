# The rules of the tests. rules.tar.gz is what opa 1.22.3 makes of them and of data.json, in this folder:
#
#   opa build -t wasm -o rules.tar.gz rules.rego data.json \
#     -e gatewright/test/allow -e gatewright/test/decision -e gatewright/test/echo \
#     -e gatewright/test/listed -e gatewright/test/big -e gatewright/test/conflict
package gatewright.test

import rego.v1

# A boolean: who reads, and whose tenant it is.
default allow := false

allow if {
	input.request.method in {"GET", "HEAD"}
	input.request.path[0] == "public"
}

allow if input.caller.claims.tenant == input.request.path[1]

# A document with everything that a decision may say.
decision := {"allow": true, "headers": {"X-Tenant": input.caller.claims.tenant}} if allow

decision := {"allow": false, "status": 404, "reason": "hidden", "headers": {"X-Why": "hidden"}} if {
	not allow
	input.request.path[0] == "secret"
}

decision := false if {
	not allow
	input.request.path[0] != "secret"
}

# The input, and what the bundle brings.
echo := {"allow": false, "headers": {"X-Input": json.marshal(input)}}

blocked if input.client.address in data.blocked

listed := {"allow": true} if not blocked

listed := {"allow": false, "reason": "blocked"} if blocked

# Needs about 50 MiB.
big := count(concat("", [s | some i in numbers.range(1, 20000); s := sprintf("%v", [i])])) > 0

# Two values at once: a conflict, which is a failure and no decision.
conflict if input.request.method == "GET"

conflict := false if input.request.path[0] == "public"

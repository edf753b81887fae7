package shell

import (
	"slices"
	"strings"
)

// gcloudGroups are the words that may stand before a verb.
var gcloudGroups = fields(`alpha beta compute instances instance-groups instance-templates managed disks images snapshots networks subnets firewall-rules
	routers routes addresses forwarding-rules backend-services backend-buckets url-maps target-http-proxies target-https-proxies health-checks ssl-certificates
	machine-types zones regions container clusters node-pools operations projects organizations folders iam roles service-accounts keys sql databases
	backups users storage buckets objects dns managed-zones record-sets run services revisions jobs functions app versions logging logs sinks metrics
	secrets kms keyrings pubsub topics subscriptions artifacts repositories packages builds triggers config configurations monitoring policies dashboards
	auth redis spanner bigtable dataproc filestore endpoints scheduler tasks queues deploy releases asset components billing accounts vpn-tunnels
	vpn-gateways interconnects security-policies reservations commitments resource-manager tags values access-context-manager quotas info project-info os-config workflows worker-pools data-catalog composer environments`)

var gcloudGrammar = grammar{
	flags: "q", long: "quiet global uri show-deleted all enabled available include-deleted",
	longv: "project zone region location format filter limit sort-by page-size cluster secret instance regions zones freshness order keyring key bucket verbosity service database network folder organization node-pool repository zone-name flatten platform scope query member resource billing-account",
}

// gcloud reads by the first verb; only names of groups may stand before it.
func gcloud(args []word) string {
	if len(args) == 1 && args[0].lit && slices.Contains(fields("--version version info"), args[0].text) {
		return ""
	}
	return byVerb(gcloudGrammar, args, gcloudGroups, gcloudReads)
}

func gcloudReads(groups []string, verb string) bool {
	switch path := strings.Join(groups, " "); verb {
	case "list", "describe", "get-iam-policy", "get-value", "get-ancestors-iam-policy", "list-grantable-roles", "list-tags", "get-server-config", "search-all-resources", "search-all-iam-policies", "get-serial-port-output":
		return path != ""
	case "read":
		return path == "logging" || path == "functions logs"
	case "ls", "du":
		return path == "storage"
	case "access":
		return path == "secrets versions"
	}
	return false
}

// byVerb judges commands whose groups come first and whose first other word is
// the verb.
func byVerb(g grammar, args []word, groups []string, reads func(groups []string, verb string) bool) string {
	p, why := g.parse(args)
	if why != "" {
		return why
	}
	var before []string
	for i := range p.operands {
		w := p.at(i)
		if w != "" && reads(before, w) {
			return ""
		}
		if !slices.Contains(groups, w) {
			break
		}
		before = append(before, w)
	}
	return unknownSub
}

var azGroups = fields(`signed-in-user account acr ad sp app user group aks nodepool aks-preview appconfig kv webapp functionapp appservice plan apim api afd cdn profile endpoint
	backup vault item job batch cognitiveservices consumption usage container containerapp env revision replica cosmosdb sql mongodb database collection databricks
	deployment sub mg operation disk snapshot image sig eventhubs namespace eventhub eventgrid topic event-subscription extension feature group hdinsight identity iot hub
	keyvault secret key certificate lock mariadb server db firewall-rule metrics monitor activity-log log-analytics workspace table alert autoscale diagnostic-settings
	action-group mysql flexible-server parameter replica netappfiles network nsg rule vnet subnet peering public-ip lb probe address-pool frontend-ip nic application-gateway
	dns zone record-set a aaaa cname mx ns txt srv private-dns link firewall route-table route nat gateway vpn-connection vpn-gateway express-route private-endpoint
	private-link-service watcher policy assignment definition set-definition postgres provider redis resource role search servicebus queue security assessment signalr sf
	staticwebapp storage account keys blob share file entity stack synapse tag ts vm vmss availability-set nic host extension run-command config appsettings
	connection-string hostname log deployment slot ssl repository credential advisor recommendation management-group managedapp maintenance reservations bicep cloud`)

var azGrammar = grammar{
	flags: "d", values: "gnloisvsr",
	long:  "only-show-errors verbose all show-details include-hidden show-pagination",
	longv: "resource-group name subscription output query vault-name nsg-name vnet-name location ids id version cluster-name server account-name container-name top filter scope assignee resource-type namespace resource zone-name record-set-name registry repository workspace start-time end-time interval metric metrics aggregation offset max-items status lb-name gateway-name auth-mode type nic-name vm-name vmss-name db-name server-name service-name nodepool-name prefix num-results orderby role",
}

// azure reads by the first verb; only names of groups may stand before it.
func azure(args []word) string {
	if len(args) == 1 && args[0].lit && slices.Contains(fields("version --version"), args[0].text) {
		return ""
	}
	if slices.ContainsFunc(args, func(w word) bool { return strings.HasPrefix(w.text, "@") || strings.Contains(w.text, "=@") }) {
		return "a value comes from a file"
	}
	return byVerb(azGrammar, args, azGroups, azReads)
}

func azReads(groups []string, verb string) bool {
	if len(groups) == 0 || slices.Contains(fields("extension bicep"), groups[0]) && verb != "list" {
		return false
	}
	return verb == "list" || verb == "show" || verb == "exists" || verb == "get-instance-view" || verb == "get-versions" || verb == "get-upgrades" ||
		slices.Contains(fields("list-sizes list-skus list-usage list-ip-addresses list-locations list-versions list-deleted list-effective-nsg show-tags show-effective-route-table show-manifests list-runtimes"), verb)
}

# The firewall in front of the payment service.

terraform {
  required_providers {
    firewall = {
      source  = "interlock/firewall"
      version = "0.1.0"
    }
  }
  backend "local" {
    path = "/state/terraform.tfstate"
  }
}

provider "firewall" {
  world = "/world"
}

resource "firewall_rule" "api" {
  name        = "api"
  source      = "10.0.0.0/8"
  port        = 443
  action      = "allow"
  description = "Payment API, from inside only"
  priority    = 10
}

resource "firewall_rule" "admin" {
  name        = "admin"
  source      = "10.20.0.0/24"
  port        = 8443
  action      = "allow"
  description = "Administration, from the bastion network"
  priority    = 20
}

resource "firewall_rule" "metrics" {
  name        = "metrics"
  source      = "10.30.0.0/16"
  port        = 9090
  action      = "allow"
  description = "Scraping, from the monitoring network"
  priority    = 30
}

resource "firewall_rule" "database" {
  name        = "database"
  source      = "10.0.4.0/24"
  port        = 5432
  action      = "allow"
  description = "PostgreSQL, from the API subnet"
  priority    = 40
}

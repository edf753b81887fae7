# The firewall at the edge of staging. A rule's name is its identity: renaming
# one deletes it and creates another.

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

variable "web_rule" {
  description = "Name of the rule that lets the public in."
  type        = string
  default     = "web-https"
}

provider "firewall" {
  world = "/world"
}

resource "firewall_rule" "web" {
  name        = var.web_rule
  source      = "0.0.0.0/0"
  port        = 443
  action      = "allow"
  description = "Public web"
}

resource "firewall_rule" "ssh" {
  name        = "ssh"
  source      = "10.0.0.0/8"
  port        = 22
  action      = "allow"
  description = "From inside only"
}

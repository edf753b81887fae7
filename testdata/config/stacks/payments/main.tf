# The example configuration points here. A stack is one root module.

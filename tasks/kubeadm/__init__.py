"""From a bare host to a control plane and back: configuration, init, kubeconfig, reset."""

"""From a configuration to finished jobs: plan, store, launchers."""

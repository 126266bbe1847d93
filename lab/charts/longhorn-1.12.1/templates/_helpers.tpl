{{- define "labels" -}}
app.kubernetes.io/name: longhorn
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
fleetproof/stand-in: "true"
{{- end -}}
{{- define "annotations" -}}
fleetproof/stands-in-for: Longhorn, whose volumes this kernel cannot attach; folders on the node instead
{{- end -}}

{{/* What all pods have in common, that of the migration as well. */}}

{{- define "channel-sessions.podMetadata" -}}
{{- with .root.Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
labels:
  {{- include "channel-sessions.labels" . | nindent 2 }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "channel-sessions.podSpec" -}}
{{- $values := .root.Values -}}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
automountServiceAccountToken: false
# Variables that Kubernetes makes of the names of Services look like settings.
enableServiceLinks: false
securityContext:
  {{- toYaml $values.podSecurityContext | nindent 2 }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "channel-sessions.volumes" . | trim }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "channel-sessions.container" -}}
{{- $values := .root.Values -}}
image: {{ include "channel-sessions.image" .root }}
imagePullPolicy: {{ $values.image.pullPolicy }}
securityContext:
  {{- toYaml $values.containerSecurityContext | nindent 2 }}
{{- with include "channel-sessions.mounts" . | trim }}
volumeMounts:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
What a probe of a component asks. The kubelet checks no certificate and has none of its own: where callers have to show one, it
asks beside the metrics, and without those it can only see whether the port is open.
*/}}
{{- define "channel-sessions.probe" -}}
{{- $tls := .values.tls -}}
{{- $clientCa := or $tls.clientCa.secret $tls.clientCa.configMap -}}
{{- if and $clientCa .metrics -}}
httpGet:
  path: {{ .path }}
  port: metrics
  scheme: HTTP
{{- else if $clientCa -}}
tcpSocket:
  port: http
{{- else -}}
httpGet:
  path: {{ .path }}
  port: http
  scheme: {{ ternary "HTTPS" "HTTP" (ne $tls.secret "") }}
{{- end }}
{{ toYaml .times }}
{{- end }}

{{/* Pods of one rollout are counted by themselves: beside the old ones, the new ones would go where fewest are, not evenly. */}}
{{- define "channel-sessions.spread" -}}
{{- range $key, $whenUnsatisfiable := .root.Values.topologySpread }}
- topologyKey: {{ $key }}
  whenUnsatisfiable: {{ $whenUnsatisfiable }}
  maxSkew: 1
  labelSelector:
    matchLabels:
      {{- include "channel-sessions.selector" $ | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end }}

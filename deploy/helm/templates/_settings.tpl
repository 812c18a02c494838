{{/* The environment of the program, and what follows from it. */}}

{{/*
A setting's value as the program takes it. YAML turns an unquoted `off` into false, and Helm large numbers into floating-point
ones, which would be written as 5e+06.
*/}}
{{- define "channel-sessions.value" -}}
{{- if kindIs "bool" .value }}
{{- if eq .name "INSECURE" }}{{ .value }}{{ else }}{{ ternary "on" "off" .value }}{{ end }}
{{- else if and (kindIs "float64" .value) (eq .value (floor .value)) }}{{ int64 .value }}
{{- else }}{{ .value }}
{{- end }}
{{- end }}

{{/* Whether settings give TLS and authentication up; empty where not. */}}
{{- define "channel-sessions.insecure" -}}
{{- if eq (toString .INSECURE) "true" }}yes{{ end }}
{{- end }}

{{/* A time such as 1m30s in milliseconds. values.schema.json has these times written so. */}}
{{- define "channel-sessions.milliseconds" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 }}
{{- $sum := 0 }}
{{- range regexFindAll "[0-9]+(ms|s|m|h)" . -1 }}
{{- $sum = add $sum (mul (regexFind "[0-9]+" . | int64) (get $units (regexFind "[a-z]+" .))) }}
{{- end }}
{{- $sum }}
{{- end }}

{{/*
How long a clean stop may take, in seconds: the lame duck, calls that are under way, then the store, which has as long; and 5 s
for the process itself. After that it is killed.
*/}}
{{- define "channel-sessions.gracePeriod" -}}
{{- $lameDuck := include "channel-sessions.milliseconds" .LAME_DUCK | int64 }}
{{- $drain := include "channel-sessions.milliseconds" .DRAIN_TIMEOUT | int64 }}
{{- div (add $lameDuck (mul 2 $drain) 5999) 1000 }}
{{- end }}

{{/* The variables of a component: addresses and files, which are the chart's, then the settings. */}}
{{- define "channel-sessions.env" -}}
{{- $values := .root.Values }}
{{- $files := "/etc/channel-sessions" }}
{{- if eq .component "serve" }}
- name: GRPC_ADDR
  value: {{ printf "%s:50051" $values.listenHost | quote }}
- name: DATABASE_URL_FILE
  value: {{ $files }}/database/url
{{- if $values.credentials.secret }}
- name: CREDENTIALS_FILE
  value: {{ $files }}/credentials/credentials.json
{{- end }}
{{- if or $values.tenants.secret $values.tenants.configMap }}
- name: TENANTS_FILE
  value: {{ $files }}/tenants/tenants.json
{{- end }}
{{- else }}
{{- $upstream := $values.gateway.upstream }}
- name: GRPC_ADDR
  value: {{ printf "%s.%s.svc:50051" (include "channel-sessions.fullname" .root) .root.Release.Namespace }}
{{- if $upstream.ca.system }}
- name: UPSTREAM_CA
  value: system
{{- else if or $upstream.ca.secret $upstream.ca.configMap }}
- name: UPSTREAM_CA
  value: {{ $files }}/upstream-ca/ca.crt
{{- end }}
{{- if $upstream.secret }}
- name: UPSTREAM_CERT
  value: {{ $files }}/upstream/tls.crt
- name: UPSTREAM_KEY
  value: {{ $files }}/upstream/tls.key
{{- end }}
{{- end }}
- name: HTTP_ADDR
  value: {{ printf "%s:8080" $values.listenHost | quote }}
- name: METRICS_ADDR
  value: {{ ternary (printf "%s:9464" $values.listenHost) "off" $values.metrics.enabled | quote }}
{{- if .values.tls.secret }}
- name: TLS_CERT
  value: {{ $files }}/tls/tls.crt
- name: TLS_KEY
  value: {{ $files }}/tls/tls.key
{{- end }}
{{- if or .values.tls.clientCa.secret .values.tls.clientCa.configMap }}
- name: TLS_CLIENT_CA
  value: {{ $files }}/client-ca/ca.crt
{{- end }}
{{- range $name, $value := .values.settings }}
- name: {{ $name }}
  value: {{ include "channel-sessions.value" (dict "name" $name "value" $value) | quote }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

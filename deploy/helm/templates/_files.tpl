{{/*
Files of Secrets and ConfigMaps. Each is mounted as a whole folder: one that is mounted by itself (subPath) would never be
replaced in the pod.
*/}}

{{/* One volume: (dict "volume" NAME "from" (dict "secret" … "configMap" …) "items" (dict KEY PATH …)). None where nothing is named. */}}
{{- define "channel-sessions.volume" -}}
{{- if .from.secret }}
- name: {{ .volume }}
  secret:
    secretName: {{ .from.secret }}
    defaultMode: 0440
    items:
{{- range $key, $path := .items }}
      - key: {{ $key | quote }}
        path: {{ $path }}
{{- end }}
{{- else if .from.configMap }}
- name: {{ .volume }}
  configMap:
    name: {{ .from.configMap }}
    defaultMode: 0440
    items:
{{- range $key, $path := .items }}
      - key: {{ $key | quote }}
        path: {{ $path }}
{{- end }}
{{- end }}
{{- end }}

{{/* The files of a component, or of the migration, as a list of volumes. */}}
{{- define "channel-sessions.volumes" -}}
{{- $values := .root.Values }}
{{- $certificate := dict "tls.crt" "tls.crt" "tls.key" "tls.key" }}
{{- $volumes := list }}
{{- if ne .component "gateway" }}
{{- $url := $values.database }}
{{- if and (eq .component "migrate") $values.database.owner.secret }}{{ $url = $values.database.owner }}{{ end }}
{{- $volumes = append $volumes (dict "volume" "database" "from" (pick $url "secret") "items" (dict $url.key "url")) }}
{{- $volumes = append $volumes (dict "volume" "database-ca" "from" $values.database.ca "items" (dict $values.database.ca.key "ca.crt")) }}
{{- end }}
{{- if eq .component "serve" }}
{{- $volumes = append $volumes (dict "volume" "credentials" "from" $values.credentials "items" (dict $values.credentials.key "credentials.json")) }}
{{- $volumes = append $volumes (dict "volume" "tenants" "from" $values.tenants "items" (dict $values.tenants.key "tenants.json")) }}
{{- end }}
{{- if eq .component "gateway" }}
{{- $upstream := $values.gateway.upstream }}
{{- if not $upstream.ca.system }}
{{- $volumes = append $volumes (dict "volume" "upstream-ca" "from" $upstream.ca "items" (dict $upstream.ca.key "ca.crt")) }}
{{- end }}
{{- $volumes = append $volumes (dict "volume" "upstream" "from" (pick $upstream "secret") "items" $certificate) }}
{{- end }}
{{- if ne .component "migrate" }}
{{- $volumes = append $volumes (dict "volume" "tls" "from" (pick .values.tls "secret") "items" $certificate) }}
{{- $volumes = append $volumes (dict "volume" "client-ca" "from" .values.tls.clientCa "items" (dict .values.tls.clientCa.key "ca.crt")) }}
{{- end }}
{{- range $volumes }}
{{- include "channel-sessions.volume" . }}
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Where those volumes are seen: /etc/channel-sessions/NAME. */}}
{{- define "channel-sessions.mounts" -}}
{{- range include "channel-sessions.volumes" . | fromYamlArray }}
{{- $own := true }}
{{- $name := .name }}
{{- range $.root.Values.extraVolumes }}{{ if eq .name $name }}{{ $own = false }}{{ end }}{{ end }}
{{- if $own }}
- name: {{ .name }}
  mountPath: /etc/channel-sessions/{{ .name }}
  readOnly: true
{{- end }}
{{- end }}
{{- with .root.Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

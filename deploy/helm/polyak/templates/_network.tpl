{{/* Parts of the NetworkPolicies. */}}

{{- define "polyak.ofRelease" -}}
app.kubernetes.io/name: polyak
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "polyak.fromMonitoring" -}}
{{- with .Values.networkPolicy.monitoringNamespace }}
from:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "polyak.toCluster" -}}
- to:
    - namespaceSelector: {}
  ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
- to:
    - podSelector:
        matchLabels:
          {{- include "polyak.ofRelease" . | nindent 10 }}
  ports:
    - { port: 7350, protocol: TCP }
    - { port: 7351, protocol: TCP }
{{- end -}}

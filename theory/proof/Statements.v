(** * The proofs of the main theorems that hold for every network

    Each is a line or two that names the theorem from which it is taken.  What they state stands
    in [Pinned.v], so that no text of this file has a part in what they mean. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Theorem1 JointLimit ErrorBound OrderOfLimits VectorField Network.
From CEP Require Import AugmentedGradient AugmentedPrimitive Preactivation Prototypical.
From CEP Require Import Drift ApproximatelySettled VectorFieldNetwork.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

(** ** 1. Theorem 1 of the paper *)

Theorem bptt_gradients_exist : Pinned.bptt_gradients_exist.
Proof.
intros N t HP [DF [DPhi [HF HPhi]]] [Hl Hc] HS.
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS t) as [G1 G2].
do 2 eexists; split; [exact G1 | exact G2].
Qed.

Theorem theorem1 : Pinned.theorem1.
Proof.
intros N t g_s g_th HP [DF [DPhi [HF HPhi]]] [Hl Hc] [C1 [C2 C3]] HS.
exact (@cep_theorem1 _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl Hc HS C1 C2 C3 t g_s g_th).
Qed.

Theorem unrolled_loss_of_one_copy : Pinned.unrolled_loss_of_one_copy.
Proof. intros N T t g HS Ht. exact (@bptt_time_index _ _ _ _ _ HS (ell N) (dot_param N) T t g Ht). Qed.

Theorem total_gradient : Pinned.total_gradient.
Proof.
intros N K HP [DF [DPhi [HF HPhi]]] [Hl Hc] HS.
exact (@total_bptt_gradient _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS K).
Qed.

Theorem jacobian_symmetric : Pinned.jacobian_symmetric.
Proof.
intros N DF DPhi_theta HP [HF HPhi].
exact (conj (@Potential.jacobian_symmetric _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ HP _ _ HF HPhi)
  (@mixed_derivative_adjoint _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ HP _ _ HF HPhi)).
Qed.

Theorem theorem1_Rn : Pinned.theorem1_Rn.
Proof. exact (@cep_theorem1_Rn). Qed.

(** ** 2. C-EP is EP in an augmented primitive function *)

Theorem conservation_law : Pinned.conservation_law.
Proof. intros N rates beta eta t HA HP HR. exact (@AugmentedPrimitive.conservation_law N HA HP rates beta eta HR t). Qed.

Theorem cep_is_ep_in_augmented : Pinned.cep_is_ep_in_augmented.
Proof. intros N rates beta eta HA HP Hphi HB HR Hsym. exact (@AugmentedPrimitive.cep_is_ep_in_augmented N HA HP rates beta eta HR HB Hsym Hphi). Qed.

Theorem ep_theorem : Pinned.ep_theorem.
Proof. exact (@AugmentedPrimitive.ep_theorem). Qed.

Theorem theorem1_by_ep : Pinned.theorem1_by_ep.
Proof. intros N t g_s g_th HA HP Hphi HB. exact (@AugmentedPrimitive.theorem1_by_ep N HA HP Hphi HB t g_s g_th). Qed.

(** ** 3. The joint limit at a fixed ratio *)

Theorem joint_limit : Pinned.joint_limit.
Proof.
intros N DF DPhi_theta T along HF beta eta kappa t [HdF HdPhi] Hc HS Hb Hb0 He0 Hk.
exact (@cep_joint_limit _ _ _ _ _ _ _ _ _ HdF HdPhi Hc HS T along HF beta eta kappa Hb Hb0 He0 Hk t).
Qed.

(** ** 3 (continued). The order of limits is essential *)

Theorem order_of_limits_param : Pinned.order_of_limits_param.
Proof.
intros N nabla_s nabla_theta DF DPhi_theta primitive [HF' HPhi] [Hl Hc] at_rest bptt_state bptt_param T along HF beta eta t Hb Hb0 He He0.
exact (@OrderOfLimits.order_of_limits_param _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param T along HF beta eta Hb Hb0 He0 He t).
Qed.

Theorem order_of_limits_state : Pinned.order_of_limits_state.
Proof.
intros N nabla_s nabla_theta DF DPhi_theta primitive [HF' HPhi] [Hl Hc] at_rest bptt_state bptt_param T along HF beta eta t Hb Hb0 He He0.
exact (@OrderOfLimits.order_of_limits_state _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param T along HF beta eta Hb Hb0 He0 He t).
Qed.

Theorem order_of_limits_first_step : Pinned.order_of_limits_first_step.
Proof.
intros N nabla_s nabla_theta DF DPhi_theta primitive [HF' HPhi] [Hl Hc] at_rest bptt_state bptt_param T along HF beta eta Hb Hb0 He He0.
exact (@first_step_state _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param T along HF beta eta Hb Hb0 He0 He).
Qed.

Theorem order_of_limits_condition_is_weakest : Pinned.order_of_limits_condition_is_weakest.
Proof.
intros N nabla_s nabla_theta DF DPhi_theta primitive [HF' HPhi] [Hl Hc] at_rest bptt_state bptt_param t.
exact (@order_of_limits_matters _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param t).
Qed.

Theorem order_of_limits_single_step : Pinned.order_of_limits_single_step.
Proof.
intros N nabla_s nabla_theta DF DPhi_theta primitive [HF' HPhi] [Hl Hc] at_rest bptt_state bptt_param t lo hi.
exact (@single_step_param _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive
  _ _ HF' HPhi Hl Hc at_rest nabla_s nabla_theta bptt_state bptt_param t lo hi).
Qed.

(** ** 4. The error at given [beta] and [eta] *)

Theorem error_bound : Pinned.error_bound.
Proof.
intros N DF DPhi_theta d t g_s g_th HP [HF HPhi] [Hl Hc] HS Hd Hb Hs Hth.
exact (@cep_error_bound _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS d Hd Hb t g_s g_th Hs Hth).
Qed.

(** ** 5. Discrete-time networks with an activation *)

Theorem inside_nudge_exact : Pinned.inside_nudge_exact.
Proof. exact (@Prototypical.inside_nudge_exact). Qed.

Theorem outside_nudge_exact_for_modified_loss : Pinned.outside_nudge_exact_for_modified_loss.
Proof. exact (@Prototypical.outside_nudge_exact_for_modified_loss). Qed.

Theorem outside_nudge_exact_iff : Pinned.outside_nudge_exact_iff.
Proof. exact (@Prototypical.outside_nudge_exact_iff). Qed.

Theorem outside_nudge_fails : Pinned.outside_nudge_fails.
Proof. exact one_unit_inside_and_outside. Qed.

Theorem modified_loss_is_cross_entropy : Pinned.modified_loss_is_cross_entropy.
Proof. intros v y. exact (conj (sigmoid_modified_loss v y) (tanh_modified_loss v y)). Qed.

(** ** 6. C-VF: any vector field, forward and backward weights distinct *)

Theorem vector_field_bias : Pinned.vector_field_bias.
Proof.
intros N t g_s g_th HD [L1 [L2 [T1 [T2 C]]]] [Hl Hc] [C1 [C2 C3]] HS Hs Hth.
exact (@vf_iterated_limit _ _ _ _ (vf_dot_state_inner N) (vf_dot_param_inner N) (vf_F N) (vf_ell N) (vf_grad_ell N) (vf_s_star N) (vf_theta N)
  (vf_J N) (vf_Jt N) (vf_B N) (vf_H N) (dF_ds_linear HD) (dF_dtheta_linear HD) L2 (F_diff_split HD) T1 T2 C Hl Hc HS t g_s g_th Hs Hth C1 C2 C3).
Qed.

Theorem vector_field_symmetric : Pinned.vector_field_symmetric.
Proof.
intros N t g_s g_th T along HA beta eta HD [L1 [L2 [T1 [T2 C]]]] [Hl Hc] HS HJ Hs Hth.
refine (@vf_joint_limit_symmetric _ _ _ _ (vf_dot_state_inner N) (vf_dot_param_inner N) (vf_F N) (vf_ell N) (vf_grad_ell N) (vf_s_star N) (vf_theta N)
  (vf_J N) (vf_Jt N) (vf_B N) (vf_H N) (dF_ds_linear HD) (dF_dtheta_linear HD) L2 (F_diff_split HD) T1 T2 C Hl Hc HS t g_s g_th Hs Hth T along HA beta eta _).
intros x y. rewrite (HJ y). apply T1.
Qed.

Theorem vector_field_bias_bound : Pinned.vector_field_bias_bound.
Proof. intros V J Jt norm_of_J asymmetry t g L P1 P2 B1 B2 B3. exact (@vf_bias_bound V J Jt norm_of_J asymmetry L B1 B2 B3 P1 P2 t g). Qed.

Theorem vector_field_unbiased_iff_symmetric : Pinned.vector_field_unbiased_iff_symmetric.
Proof. exact (@vf_unbiased_iff_symmetric). Qed.

(** ** 7. A free phase that has only approximately settled *)

Theorem residual_bias : Pinned.residual_bias.
Proof. exact (@ApproximatelySettled.residual_bias). Qed.

Theorem residual_must_be_o_beta : Pinned.residual_must_be_o_beta.
Proof. exact (@ApproximatelySettled.residual_must_be_o_beta). Qed.

Theorem residual_amplified : Pinned.residual_amplified.
Proof. intros N s beta eta Hb. exact (conj (@first_update N s beta eta Hb) (@ApproximatelySettled.residual_amplified N s beta eta Hb)). Qed.

Theorem residual_decays : Pinned.residual_decays.
Proof. intros N c s T Hc H. exact (@ApproximatelySettled.residual_decays N c Hc H s T). Qed.

(** * The main theorems on errors and finite free phases

    In the words of [Expansion.v]; the statements are in [Pinned.v].  Each proof names the theorem
    from which it is taken. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics Network Vocabulary Expansion Algebra Limits Gradients Drift Contraction.
From CEP Require Import ExpansionStep ExpansionBound UniformBound SteadyState.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

(** From rest nothing is left over of a free phase. *)
Lemma at_rest (N : network) (beta : R) : settled N ->
  norm (minus (s_star N) (s_star N)) <= 0 /\
  norm (residual N (s_star N)) / Rabs beta + norm (minus (grad_ell N (s_star N)) (grad_ell N (s_star N))) <= 0.
Proof.
intros HS. unfold settled in HS.
assert (E : minus (s_star N) (s_star N) = zero) by module (State N).
assert (E2 : residual N (s_star N) = zero) by (unfold residual; rewrite HS; module (State N)).
assert (E3 : minus (grad_ell N (s_star N)) (grad_ell N (s_star N)) = zero) by module (State N).
rewrite E, E2, E3, !norm_zero. unfold Rdiv. lra.
Qed.

Theorem geometric_error_bound : Pinned.geometric_error_bound.
Proof.
intros N DF DPhi_theta X d t beta eta m n g q g_s g_th HP HD Hl HS Hd HE Hs Hth Hb Hg HC.
destruct (at_rest beta HS) as [S0 S1]. rewrite <- (Rplus_0_r g) in HC at 1.
assert (B := @geometric_bound N DF DPhi_theta X d HP HD Hl HS Hd HE (s_star N) beta eta t 0 g 0 Hb S0 Hg S1 m n q HC g_s g_th Hs Hth).
rewrite Rplus_0_r in B. exact B.
Qed.

Theorem uniform_error_bound : Pinned.uniform_error_bound.
Proof. intros N DF DPhi_theta X d g beta eta. exact (@uniform_bound N DF DPhi_theta X d g beta eta). Qed.

Theorem stepwise_error_bound : Pinned.stepwise_error_bound.
Proof.
intros N DF DPhi_theta X d t beta eta m n nabla first rest error g_s g_th HP HD Hl HS Hd HE Hs Hth Hb Hn Hf HC.
destruct (at_rest beta HS) as [S0 S1].
assert (R0 : 0 <= rest 0%nat) by (destruct HC as [HC _]; destruct (HC 0%nat ltac:(lia)) as [_ [_ [_ [_ [_ [R0 _]]]]]]; exact R0).
destruct (@stepwise_bound N DF DPhi_theta X d HP HD Hl HS Hd HE (s_star N) beta eta t 0 0 Hb S0 S1
  m n nabla first rest error HC Hn Hf R0 g_s g_th Hs Hth) as [[B1 B2] B3].
exact (conj B1 (conj B2 B3)).
Qed.

Theorem finite_dimension_is_complete : Pinned.finite_dimension_is_complete.
Proof. exact complete_Rn. Qed.

Theorem finite_free_phase : Pinned.finite_free_phase.
Proof.
intros N region c rho start DF DPhi_theta X d T t beta eta g L m n q g_s g_th
  Hc Hr HF H0 HS0 HS Hrho HP HD Hl Hd HE Hs Hth Hb Hg HL HLg s_T a0 e0 HC.
exact (@SteadyState.finite_free_phase N region c rho start Hc Hr HF H0 HS0 HS Hrho DF DPhi_theta X d T t beta eta g L m n q g_s g_th
  HP HD Hl Hd HE Hs Hth Hb Hg HL HLg HC).
Qed.

Theorem theorem1_finite_free_phase : Pinned.theorem1_finite_free_phase.
Proof.
intros N region c start I along HA beta eta T t g_s g_th Hc Hr HF H0 HS0 HS HP HD Hl.
exact (@SteadyState.theorem1_finite_free_phase N region c (norm (residual N start)) start Hc Hr HF H0 HS0 HS (Rle_refl _)
  I along HA beta eta T t g_s g_th HP HD Hl).
Qed.

(** * Theorem 1: the updates of C-EP tend to minus the gradients of BPTT

    Idea: in the paper's order of limits the updates tend to [-J^t grad ell] and its image under
    [d2Phi/(dtheta ds)] ([LinearResponse.v], which needs no symmetry); BPTT's gradients are
    [(J^T)^t grad ell] and its image under [(dF/dtheta)^T] ([Bptt.v]).  A primitive function makes the
    two agree ([Potential.v]), and a gradient is unique. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential.
Set Implicit Arguments.
Open Scope R_scope.

Section Theorem1.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Hypothesis HT : is_inner_product Param ipT.
Variables (Phi : State * Param -> R) (F : State * Param -> State) (Phi_theta : State * Param -> Param) (ell : State -> R) (grad_ell : State -> State).
Variables (s_star : State) (theta : Param).
Hypothesis primitive : locally ((s_star, theta) : Z) (fun z => is_gradient Z (@product_inner State Param ipS ipT) Phi z (F z, Phi_theta z)).
Variables (DF : State * Param -> State) (DPhi_theta : State * Param -> Param).
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) DF.
Hypothesis Phi_theta_diff : filterdiff (U := Z) Phi_theta (locally ((s_star, theta) : Z)) DPhi_theta.
Hypothesis ell_grad : is_gradient State ipS ell s_star (grad_ell s_star).
Hypothesis grad_ell_cont : continuous grad_ell s_star.
Hypothesis settled : F (s_star, theta) = s_star.
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation C := (dPhi_theta_ds DPhi_theta).
Local Notation cep_Delta_s := (Delta_s F grad_ell (ep_rule Phi_theta) s_star theta).
Local Notation cep_Delta_theta := (Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta).
Local Notation J_linear := (@dF_ds_linear State Param F s_star theta DF F_diff).
Local Notation B_linear := (@dF_dtheta_linear State Param F s_star theta DF F_diff).
Local Notation C_linear := (@dPhi_theta_ds_linear State Param Phi_theta s_star theta DPhi_theta Phi_theta_diff).
Local Notation F_diff_split := (@F_diff_split State Param F s_star theta DF F_diff).
Local Notation ep_rule_diff := (@ep_rule_diff State Param s_star theta Phi_theta DPhi_theta Phi_theta_diff).
Local Notation ep_rule_at_rest := (@ep_rule_at_rest State Param Phi_theta s_star theta).
Local Notation gradients := (@bptt_gradients State Param ipS ipT HS HT Phi F Phi_theta ell grad_ell s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff ell_grad settled).

Theorem cep_theorem1 :
  locally ((s_star, theta) : Z) (fun z => continuous (F : Z -> State) z) ->
  locally ((s_star, theta) : Z) (fun z => continuous (Phi_theta : Z -> Param) z) ->
  locally s_star (fun s => continuous grad_ell s) ->
  forall (t : nat) (g_s : State) (g_th : Param),
  is_gradient State ipS (fun s => ell (free_phase F theta t s)) s_star g_s ->
  is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th ->
  iterated_limit (fun beta eta => cep_Delta_s beta eta t) (opp g_s) /\
  iterated_limit (fun beta eta => cep_Delta_theta beta eta t) (opp g_th).
Proof.
intros cF cG cg t g_s g_th Hgs Hgth.
destruct (gradients t) as [G1 G2].
rewrite (gradient_unique HS Hgs G1), (gradient_unique HT Hgth G2).
assert (X := @nudged_phase_iterated_limit State Param F grad_ell (ep_rule Phi_theta) s_star theta J B C J_linear B_linear C_linear settled ep_rule_at_rest F_diff_split ep_rule_diff grad_ell_cont cF cg (@ep_rule_cont State Param s_star theta Phi_theta cG) t).
assert (E : C (opp (iterate J t (grad_ell s_star))) = opp (C (iterate J t (grad_ell s_star)))) by exact (linear_opp C _ C_linear).
rewrite E in X. exact X.
Qed.

End Theorem1.

(** ** In [R^n] *)
Corollary cep_theorem1_Rn (n m : nat) (Phi : Rn n * Rn m -> R) (F : Rn n * Rn m -> Rn n) (Phi_theta : Rn n * Rn m -> Rn m)
  (ell : Rn n -> R) (grad_ell : Rn n -> Rn n) (s_star : Rn n) (theta : Rn m) :
  let Z := prod_NormedModule R_AbsRing (Rn n) (Rn m) in
  (forall z : Z, is_gradient Z (@product_inner (Rn n) (Rn m) (dot n) (dot m)) Phi z (F z, Phi_theta z)) ->
  (forall z : Z, ex_filterdiff (U := Z) F (locally z)) ->
  (forall z : Z, ex_filterdiff (U := Z) Phi_theta (locally z)) ->
  (forall s, is_gradient (Rn n) (dot n) ell s (grad_ell s)) -> (forall s, continuous grad_ell s) ->
  F (s_star, theta) = s_star ->
  forall (t : nat) (g_s : Rn n) (g_th : Rn m),
  is_gradient (Rn n) (dot n) (fun s => ell (free_phase F theta t s)) s_star g_s ->
  is_gradient (Rn m) (dot m) (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th ->
  iterated_limit (fun beta eta => Delta_s F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_s) /\
  iterated_limit (fun beta eta => Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_th).
Proof.
intros Z primitive F_diff Phi_theta_diff ell_grad grad_ell_cont settled t g_s g_th.
destruct (F_diff (s_star, theta)) as [DF LF]. destruct (Phi_theta_diff (s_star, theta)) as [DPhi_theta LG].
apply (@cep_theorem1 (Rn n) (Rn m) (dot n) (dot m) (is_inner_product_Rn n) (is_inner_product_Rn m) Phi F Phi_theta ell grad_ell s_star theta
  (filter_forall _ primitive) DF DPhi_theta LF LG (ell_grad s_star) (grad_ell_cont s_star) settled).
apply filter_forall. intros z. apply (@filterdiff_continuous R_AbsRing Z (Rn n)). apply F_diff.
apply filter_forall. intros z. apply (@filterdiff_continuous R_AbsRing Z (Rn m)). apply Phi_theta_diff.
apply filter_forall. exact grad_ell_cont.
Qed.
